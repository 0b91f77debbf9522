import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { sealedTickets, type TicketFormat } from "../../../../edge-terminator/tls/tickets/ticket_format.ts";

/*
 * The runner rewrites the protocol version or the cipher suite inside of a server's ticket, to see that such a session
 * does not resume. It knows BoringSSL's tickets, under the key of `-ticket-key`:
 *
 *    name (16) | IV (16) | AES-128-CBC of a session | HMAC-SHA256 of all before
 *
 * with a session that begins SEQUENCE { INTEGER, INTEGER version, OCTET STRING suite, … }. This format is that shell
 * around one of our own tickets: what the shell says of version and suite goes for the session.
 */

/** For `-ticket-key`: name, MAC key and encryption key, 16 bytes each. */
export function boringSslTicketFormat(key: Uint8Array): TicketFormat {
  const [name, macKey, encryptionKey] = [0, 16, 32].map((at) => key.subarray(at, at + 16)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const authenticate = (bytes: Uint8Array) => createHmac("sha256", macKey).update(bytes).digest();
  return {
    seal(keys, domain, state, secret) {
      const ticket = sealedTickets.seal(keys, domain, state, secret);
      if (ticket === undefined) return undefined;
      const iv = randomBytes(16);
      const cipher = createCipheriv("aes-128-cbc", encryptionKey, iv);
      const session = encodeSession({ version: state.version, suite: state.cipherSuite, ticket });
      const sealed = Buffer.concat([name, iv, cipher.update(session), cipher.final()]);
      return new Uint8Array(Buffer.concat([sealed, authenticate(sealed)]));
    },
    open(pool, keys, domain, ticket, secretLength) {
      const sealed = ticket.subarray(0, -32);
      if (!authenticate(sealed).equals(ticket.subarray(-32))) return undefined;
      const decipher = createDecipheriv("aes-128-cbc", encryptionKey, sealed.subarray(16, 32));
      const plaintext = Buffer.concat([decipher.update(sealed.subarray(32)), decipher.final()]);
      const { version, suite, ticket: inner } = decodeSession(new Uint8Array(plaintext));
      const session = sealedTickets.open(pool, keys, domain, inner, secretLength);
      return session && { ...session, state: { ...session.state, version, cipherSuite: suite } };
    },
  };
}

interface Shell {
  readonly version: number;
  readonly suite: number;
  readonly ticket: Uint8Array;
}

const [integer, octetString, sequence] = [0x02, 0x04, 0x30] as const;

function encodeSession({ version, suite, ticket }: Shell): Uint8Array {
  const parts = [
    element(integer, new Uint8Array([1])),
    element(integer, twoBytes(version)),
    element(octetString, twoBytes(suite)),
    element(octetString, ticket),
  ];
  return element(sequence, new Uint8Array(Buffer.concat(parts)));
}

function decodeSession(der: Uint8Array): Shell {
  const [body] = readElement(der);
  const [, afterFormat] = readElement(body);
  const [version, afterVersion] = readElement(afterFormat);
  const [suite, afterSuite] = readElement(afterVersion);
  const [ticket] = readElement(afterSuite);
  return { version: number(version), suite: number(suite), ticket };
}

/** Lengths in the short or the two-byte form: tickets here are shorter than 64 KiB. */
function element(tag: number, body: Uint8Array): Uint8Array {
  const length = body.length < 0x80 ? [body.length] : minimalLength(body.length);
  return new Uint8Array([tag, ...length, ...body]);
}

function minimalLength(length: number): number[] {
  return length < 0x100 ? [0x81, length] : [0x82, ...twoBytes(length)];
}

/** The element's body and what follows it. */
function readElement(der: Uint8Array): [body: Uint8Array, rest: Uint8Array] {
  const first = der[1]!;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = 2 + lengthBytes;
  const length = lengthBytes === 0 ? first : number(der.subarray(2, start));
  return [der.subarray(start, start + length), der.subarray(start + length)];
}

function twoBytes(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 0xff]);
}

function number(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value << 8 | byte, 0);
}
