import { type AeadName, aeadTagLength, type KeyedAead, recordNonce } from "../../../shared/libcrypto/aead.ts";
import { AlertDescription, ContentType, ProtocolVersion } from "../../../shared/tls_constants.ts";
import { misbehaved } from "../errors.ts";
import type { TrafficKeys } from "../key_schedule/traffic_keys.ts";
import { maxPlaintext, recordHeaderLength } from "./limits.ts";
import type { OpenedRecord, RecordKeys } from "./record_keys.ts";
import type { RawRecord } from "./record_reader.ts";

/** One buffer serves every connection; it is zeroed after use, for the first nonce of a key is its IV. */
const nonce = new Uint8Array(12);

/** Record protection of TLS 1.3 (RFC 8446, Sections 5.2 to 5.4). */
export class Tls13RecordKeys implements RecordKeys {
  readonly expansion = recordHeaderLength + 1 + aeadTagLength;
  readonly pads = true;
  readonly #keys: TrafficKeys;
  #sequence = 0;

  /** Takes ownership of `keys`. */
  constructor(keys: TrafficKeys) {
    this.#keys = keys;
  }

  get aead(): AeadName {
    return this.#keys.aead;
  }

  get key() {
    return this.#keys.key;
  }

  get sequence(): number {
    return this.#sequence;
  }

  seal(keyed: KeyedAead, type: number, content: Uint8Array, output: Uint8Array, padding: number): number {
    const innerLength = content.length + 1 + padding;
    const length = innerLength + aeadTagLength;
    const header = output.subarray(0, recordHeaderLength);
    header[0] = ContentType.application_data;
    header[1] = ProtocolVersion.TLSv1_2 >> 8;
    header[2] = ProtocolVersion.TLSv1_2 & 0xff;
    header[3] = length >> 8;
    header[4] = length & 0xff;
    const sealed = output.subarray(recordHeaderLength, recordHeaderLength + length);
    sealed.set(content);
    sealed[content.length] = type;
    if (padding > 0) sealed.fill(0, content.length + 1, innerLength);
    recordNonce(this.#keys.iv, this.#sequence, nonce);
    keyed.seal(nonce, header, sealed.subarray(0, innerLength), sealed);
    nonce.fill(0);
    this.#sequence++;
    return recordHeaderLength + length;
  }

  open(keyed: KeyedAead, record: RawRecord): OpenedRecord | undefined {
    const { header, fragment } = record;
    if (fragment.length < aeadTagLength) return undefined;
    recordNonce(this.#keys.iv, this.#sequence, nonce);
    const length = keyed.open(nonce, header, fragment, fragment);
    nonce.fill(0);
    if (length === undefined) return undefined;
    this.#sequence++;
    return unwrap(record, length);
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
  }
}

/** Takes the padding off and finds the inner content type (RFC 8446, Section 5.4). */
function unwrap({ type, fragment }: RawRecord, length: number): OpenedRecord {
  if (length > maxPlaintext + 1) {
    throw misbehaved(
      AlertDescription.record_overflow,
      "DATA_LENGTH_TOO_LONG",
      `a record holds ${length} bytes`,
    );
  }
  if (type !== ContentType.application_data) {
    throw misbehaved(
      AlertDescription.unexpected_message,
      "INVALID_OUTER_RECORD_TYPE",
      `an encrypted record has the outer type ${type}`,
    );
  }
  let end = length;
  while (end > 0 && fragment[end - 1] === 0) end--;
  if (end === 0) {
    throw misbehaved(
      AlertDescription.unexpected_message,
      "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
      "an encrypted record is padding only",
    );
  }
  return { type: fragment[end - 1]!, content: fragment.subarray(0, end - 1) };
}
