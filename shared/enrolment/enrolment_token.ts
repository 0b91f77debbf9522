/**
 * The leave to enrol once, as an operator carries it from the key server to the edge, in a file of one line:
 *
 *    hfe1.<id: 16 hexadecimal digits>.<secret: 64 hexadecimal digits>.<authority: base64url of DER>[.<authority> ...]
 *
 * The authorities are those that vouch for the key server: the edge needs nothing else to know that it speaks to the right
 * one. The secret is worth a certificate until it was used, so it is read as bytes and wiped.
 */
import { HoldfastError } from "../errors.ts";

/** Bytes of a token's id and of its secret. */
export const tokenIdLength = 8;
export const tokenSecretLength = 32;

/** The longest token, in bytes. */
export const maximumTokenLength = 64 << 10;

const prefix = new TextEncoder().encode("hfe1.");
const dot = 0x2e;

/** A token that is none. Code `enrolment-token`; never carries what was read. */
export class EnrolmentTokenError extends HoldfastError {
  constructor(reason: string) {
    super("enrolment-token", `Cannot read the enrolment token: ${reason}`);
  }
}

/** What a token says. Dispose it once the secret has been sent: the secret is zeroed. */
export interface EnrolmentToken extends Disposable {
  readonly id: Uint8Array<ArrayBuffer>;
  readonly secret: Uint8Array<ArrayBuffer>;
  /** DER certificates. */
  readonly authorities: readonly Uint8Array<ArrayBuffer>[];
}

/** The token's line, without its end, for the one time that it is given out. */
export function formatEnrolmentToken(
  id: Uint8Array,
  secret: Uint8Array,
  authorities: readonly Uint8Array[],
): string {
  const encoded = authorities.map((der) => der.toBase64({ alphabet: "base64url", omitPadding: true }));
  return ["hfe1", id.toHex(), secret.toHex(), ...encoded].join(".");
}

/** Reads a token's file. `text` is zeroed. Throws {@link EnrolmentTokenError}. */
export function parseEnrolmentToken(text: Uint8Array): EnrolmentToken {
  try {
    return readToken(trimmed(text));
  } finally {
    text.fill(0);
  }
}

function readToken(text: Uint8Array): EnrolmentToken {
  if (text.length > maximumTokenLength) throw new EnrolmentTokenError("it is too long");
  if (!prefix.every((byte, index) => text[index] === byte)) {
    throw new EnrolmentTokenError('it does not begin with "hfe1."');
  }
  const secretAt = prefix.length + 2 * tokenIdLength + 1;
  const authoritiesAt = secretAt + 2 * tokenSecretLength + 1;
  if (text[secretAt - 1] !== dot || text[authoritiesAt - 1] !== dot) {
    throw new EnrolmentTokenError("its parts have other lengths");
  }
  const id = fromHex(text.subarray(prefix.length, secretAt - 1));
  const secret = fromHex(text.subarray(secretAt, authoritiesAt - 1));
  const authorities = decodeAuthorities(text.subarray(authoritiesAt));
  return { id, secret, authorities, [Symbol.dispose]: () => void secret.fill(0) };
}

/** Public, so a string may have them. */
function decodeAuthorities(text: Uint8Array): Uint8Array<ArrayBuffer>[] {
  try {
    return new TextDecoder().decode(text).split(".").map((part) => {
      const der = Uint8Array.fromBase64(part, { alphabet: "base64url" });
      if (der.length === 0) throw new SyntaxError("nothing");
      return der;
    });
  } catch {
    throw new EnrolmentTokenError("its authorities are not certificates in base64url");
  }
}

function trimmed(text: Uint8Array): Uint8Array {
  let end = text.length;
  while (end > 0 && text[end - 1]! <= 0x20) end--;
  return text.subarray(0, end);
}

function fromHex(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = digitValue(text[2 * index]!) * 16 + digitValue(text[2 * index + 1]!);
  }
  return bytes;
}

function digitValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x61 + 10;
  throw new EnrolmentTokenError("its id or its secret has something that is no hexadecimal digit");
}
