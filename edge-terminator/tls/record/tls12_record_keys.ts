import { type AeadName, aeadTagLength, type KeyedAead, recordNonce } from "../../../shared/libcrypto/aead.ts";
import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { misbehaved } from "../errors.ts";
import type { TrafficKeys } from "../key_schedule/traffic_keys.ts";
import { maxPlaintext, recordHeaderLength } from "./limits.ts";
import type { OpenedRecord, RecordKeys } from "./record_keys.ts";
import type { RawRecord } from "./record_reader.ts";

const explicitNonceLength = 8;
/** One buffer serves every connection; it is zeroed after use, for it holds the IV of the key. */
const nonce = new Uint8Array(12);
const additionalData = new Uint8Array(13);

/**
 * Record protection of TLS 1.2's AEAD suites (RFC 5246, Section 6.2.3.3).
 *
 * AES-GCM sends 8 bytes of each nonce, for which the sequence number serves (RFC 5288, Section 3);
 * ChaCha20-Poly1305 sends none and mixes as TLS 1.3 does (RFC 7905, Section 2).
 */
export class Tls12RecordKeys implements RecordKeys {
  readonly expansion: number;
  readonly pads = false;
  readonly #keys: TrafficKeys;
  readonly #explicit: number;
  #sequence = 0;

  /** Takes ownership of `keys`. */
  constructor(keys: TrafficKeys) {
    this.#keys = keys;
    this.#explicit = keys.aead === "chacha20-poly1305" ? 0 : explicitNonceLength;
    this.expansion = recordHeaderLength + this.#explicit + aeadTagLength;
  }

  get aead(): AeadName {
    return this.#keys.aead;
  }

  get key(): Secret {
    return this.#keys.key;
  }

  get sequence(): number {
    return this.#sequence;
  }

  seal(keyed: KeyedAead, type: number, content: Uint8Array, output: Uint8Array): number {
    const length = this.#explicit + content.length + aeadTagLength;
    output[0] = type;
    output[1] = ProtocolVersion.TLSv1_2 >> 8;
    output[2] = ProtocolVersion.TLSv1_2 & 0xff;
    output[3] = length >> 8;
    output[4] = length & 0xff;
    this.#describe(type, content.length);
    if (this.#explicit > 0) {
      output.set(additionalData.subarray(0, explicitNonceLength), recordHeaderLength);
      this.#explicitNonce(additionalData);
    } else recordNonce(this.#keys.iv, this.#sequence, nonce);
    const sealed = output.subarray(recordHeaderLength + this.#explicit, recordHeaderLength + length);
    keyed.seal(nonce, additionalData, content, sealed);
    nonce.fill(0);
    this.#sequence++;
    return recordHeaderLength + length;
  }

  open(keyed: KeyedAead, record: RawRecord): OpenedRecord | undefined {
    const { type, fragment } = record;
    const length = fragment.length - this.#explicit - aeadTagLength;
    if (length < 0) return undefined;
    this.#describe(type, length);
    if (this.#explicit > 0) this.#explicitNonce(fragment);
    else recordNonce(this.#keys.iv, this.#sequence, nonce);
    const sealed = fragment.subarray(this.#explicit);
    const opened = keyed.open(nonce, additionalData, sealed, sealed);
    nonce.fill(0);
    if (opened === undefined) return undefined;
    if (opened > maxPlaintext) {
      throw misbehaved(
        AlertDescription.record_overflow,
        "DATA_LENGTH_TOO_LONG",
        `a record holds ${opened} bytes`,
      );
    }
    this.#sequence++;
    return { type, content: sealed.subarray(0, opened) };
  }

  /** seq_num, type, version and length of the plaintext. */
  #describe(type: number, length: number): void {
    const view = new DataView(additionalData.buffer);
    view.setBigUint64(0, BigInt(this.#sequence));
    view.setUint8(8, type);
    view.setUint16(9, ProtocolVersion.TLSv1_2);
    view.setUint16(11, length);
  }

  /** The salt of the key block, then the first 8 bytes of `explicit`. */
  #explicitNonce(explicit: Uint8Array): void {
    this.#keys.iv.copyInto(nonce);
    nonce.set(explicit.subarray(0, explicitNonceLength), 4);
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
  }
}
