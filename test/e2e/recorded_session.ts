import { Buffer } from "node:buffer";
import { constants, createDecipheriv, createHash, type KeyObject, privateDecrypt } from "node:crypto";
import { ByteReader } from "../../shared/codec/byte_reader.ts";
import type { MasterSecretSeed } from "../../shared/keyless_protocol/operations.ts";
import { ContentType, ExtensionType, HandshakeType } from "../../shared/tls_constants.ts";
import { decodeClientHello } from "../../shared/tls_messages/client_hello.ts";
import { decodeRsaClientKeyExchange } from "../../shared/tls_messages/client_key_exchange.ts";
import { type HandshakeMessage, splitHandshakeMessages } from "../../shared/tls_messages/handshake.ts";
import { decodeServerHello } from "../../shared/tls_messages/server_hello.ts";
import { testMasterSecret, testPrf } from "../harness/tls12_master_secret.ts";

interface TlsRecord {
  readonly type: number;
  readonly fragment: Uint8Array;
}

const keyLength = 16;
const saltLength = 4;
const usualExtensions = new Set(Object.values(ExtensionType));

/**
 * A recorded TLS 1.2 session of AES-128-GCM with SHA-256, as whoever listened has it, and what can be made of it with the
 * certificate's private key. Derived here by itself, with none of the product's key schedule.
 */
export class RecordedSession {
  readonly #clear: readonly Uint8Array[];
  readonly #clientKeyExchange: HandshakeMessage;
  readonly #randoms: { readonly client: Uint8Array; readonly server: Uint8Array };
  readonly #seed: MasterSecretSeed;
  /** The client's, after its change_cipher_spec: Finished, then application data. */
  readonly #encrypted: readonly TlsRecord[];

  constructor(fromClient: Uint8Array, fromServer: Uint8Array) {
    const client = splitAtChangeCipherSpec(recordsOf(fromClient));
    const server = splitAtChangeCipherSpec(recordsOf(fromServer));
    this.#clear = [...client.clear, ...server.clear].map(({ fragment }) => fragment);
    this.#encrypted = client.encrypted;
    const fromClientMessages = messagesOf(client.clear);
    // A NewSessionTicket, which comes after Finished's hash, is none of the transcript.
    const fromServerMessages = messagesOf(server.clear).filter(({ type }) =>
      type !== HandshakeType.new_session_ticket
    );
    const [clientHello, clientKeyExchange] = fromClientMessages as [HandshakeMessage, HandshakeMessage];
    this.#clientKeyExchange = clientKeyExchange;
    const serverHello = decodeServerHello(fromServerMessages[0]!, usualExtensions);
    this.#randoms = { client: decodeClientHello(clientHello).random, server: serverHello.random };
    const extended = serverHello.extensions.some(({ type }) => type === ExtensionType.extended_master_secret);
    const transcript = [clientHello, ...fromServerMessages, clientKeyExchange].map(({ raw }) => raw);
    this.#seed = extended
      ? { form: "extended", sessionHash: createHash("sha256").update(Buffer.concat(transcript)).digest() }
      : { form: "randoms", clientRandom: this.#randoms.client, serverRandom: this.#randoms.server };
  }

  /** What the client sent, with RSA key exchange: the premaster is there for whoever has the key. */
  decryptedWith(key: KeyObject): string | undefined {
    const { encryptedPreMasterSecret } = decodeRsaClientKeyExchange(this.#clientKeyExchange);
    return this.#plaintextOf(rawRsa(key, encryptedPreMasterSecret).slice(-48));
  }

  /** Takes whatever in the recording is long enough to be a ciphertext for one, and tries it. */
  decryptedWithAnything(key: KeyObject, length: number): string | undefined {
    const modulus = Buffer.from(key.export({ format: "jwk" }).n ?? "", "base64url");
    for (const bytes of this.#clear) {
      for (let at = 0; at + length <= bytes.length; at++) {
        const window = bytes.subarray(at, at + length);
        // Raw RSA of a larger number is refused.
        const block = Buffer.compare(window, modulus) < 0 ? rawRsa(key, window) : undefined;
        const plaintext = block && this.#plaintextOf(block.slice(-48));
        if (plaintext !== undefined) return plaintext;
      }
    }
    return undefined;
  }

  /** Undefined for a premaster that is not the session's. */
  #plaintextOf(premaster: Uint8Array): string | undefined {
    const { client, server } = this.#randoms;
    const master = testMasterSecret("sha256", premaster, this.#seed);
    const block = testPrf("sha256", master, "key expansion", Buffer.concat([server, client]), 40);
    const [key, salt] = [block.slice(0, keyLength), block.slice(2 * keyLength, 2 * keyLength + saltLength)];
    try {
      return this.#encrypted.map((record, sequence) => {
        const plaintext = open(record, sequence, key, salt);
        return record.type === ContentType.application_data ? new TextDecoder().decode(plaintext) : "";
      }).join("");
    } catch {
      return undefined;
    }
  }
}

function recordsOf(bytes: Uint8Array): TlsRecord[] {
  const reader = new ByteReader(bytes);
  const records: TlsRecord[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8();
    reader.u16();
    records.push({ type, fragment: reader.vector16() });
  }
  return records;
}

function splitAtChangeCipherSpec(records: TlsRecord[]) {
  const at = records.findIndex(({ type }) => type === ContentType.change_cipher_spec);
  return { clear: records.slice(0, at), encrypted: records.slice(at + 1) };
}

function messagesOf(records: readonly TlsRecord[]): HandshakeMessage[] {
  return splitHandshakeMessages(new Uint8Array(Buffer.concat(records.map(({ fragment }) => fragment))));
}

/** RFC 5288, Section 3. */
function open(
  { type, fragment }: TlsRecord,
  sequence: number,
  key: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  const [explicitNonce, sealed, tag] = [fragment.slice(0, 8), fragment.slice(8, -16), fragment.slice(-16)];
  const aad = new Uint8Array(13);
  const view = new DataView(aad.buffer);
  view.setBigUint64(0, BigInt(sequence));
  aad.set([type, 3, 3], 8);
  view.setUint16(11, sealed.length);
  const decipher = createDecipheriv("aes-128-gcm", key, Buffer.concat([salt, explicitNonce]));
  decipher.setAAD(aad).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

function rawRsa(key: KeyObject, ciphertext: Uint8Array): Uint8Array {
  return new Uint8Array(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext));
}
