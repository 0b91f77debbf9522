import { AlertDescription, ContentType } from "../../../shared/tls_constants.ts";
import { misbehaved } from "../errors.ts";
import { maxBuffered, maxTls13Ciphertext, recordHeaderLength } from "./limits.ts";

/** A record as it came; `header` and `fragment` are views that live until the next `push`. */
export interface RawRecord {
  readonly type: number;
  readonly version: number;
  readonly header: Uint8Array;
  readonly fragment: Uint8Array;
}

/**
 * Cuts a byte stream into records (RFC 8446, Section 5.1), checking each header as soon as it is whole.
 *
 * Chunks given to `push` are read in place until `settle`, which copies what is left of them.
 */
export class RecordReader {
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** The most a fragment may be long; what is in the clear has a lower bound, checked where it is read. */
  maxFragment = maxTls13Ciphertext;
  /** The exact version records must carry; undefined before it is negotiated: then only the major number counts. */
  version: number | undefined;

  get buffered(): number {
    return this.#end - this.#start;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.buffered === 0) {
      this.#buffer = bytes;
      this.#start = 0;
      this.#end = bytes.length;
      return;
    }
    const length = this.buffered + bytes.length;
    if (length > maxBuffered) {
      throw misbehaved(
        AlertDescription.unexpected_message,
        "EXCESS_DATA",
        "it sends on while it has to wait",
      );
    }
    const joined = new Uint8Array(length);
    joined.set(this.#buffer.subarray(this.#start, this.#end));
    joined.set(bytes, this.buffered);
    this.#buffer = joined;
    this.#start = 0;
    this.#end = length;
  }

  /** The next whole record, or undefined while bytes are missing. */
  next(): RawRecord | undefined {
    const length = this.#checkHeader();
    if (length === undefined || this.buffered < recordHeaderLength + length) return undefined;
    const at = this.#start;
    this.#start += recordHeaderLength + length;
    return {
      type: this.#buffer[at]!,
      version: this.#buffer[at + 1]! << 8 | this.#buffer[at + 2]!,
      header: this.#buffer.subarray(at, at + recordHeaderLength),
      fragment: this.#buffer.subarray(at + recordHeaderLength, this.#start),
    };
  }

  /** Whether `next` would return a record. */
  get ready(): boolean {
    const length = this.#checkHeader();
    return length !== undefined && this.buffered >= recordHeaderLength + length;
  }

  /** The length of the next record's fragment; call only when `ready`. */
  get nextLength(): number {
    return this.#buffer[this.#start + 3]! << 8 | this.#buffer[this.#start + 4]!;
  }

  /** Lets go of the caller's chunk. */
  settle(): void {
    this.#buffer = this.buffered === 0 ? new Uint8Array(0) : this.#buffer.slice(this.#start, this.#end);
    this.#end = this.#buffer.length;
    this.#start = 0;
  }

  #checkHeader(): number | undefined {
    if (this.buffered < recordHeaderLength) return undefined;
    const [type, major, minor, high, low] = this.#buffer.subarray(
      this.#start,
      this.#start + recordHeaderLength,
    );
    const version = major! << 8 | minor!;
    if (this.version === undefined) this.#refuseHttp();
    if (this.version === undefined ? major !== 3 : version !== this.version) {
      throw misbehaved(
        AlertDescription.protocol_version,
        "WRONG_VERSION_NUMBER",
        `a record has the version ${version}`,
      );
    }
    if (type! < ContentType.change_cipher_spec || type! > ContentType.application_data) {
      throw misbehaved(
        AlertDescription.unexpected_message,
        "UNEXPECTED_RECORD",
        `a record has the type ${type}`,
      );
    }
    const length = high! << 8 | low!;
    if (length > this.maxFragment) {
      throw misbehaved(
        AlertDescription.record_overflow,
        "ENCRYPTED_LENGTH_TOO_LONG",
        `a record is ${length} bytes long`,
      );
    }
    return length;
  }

  /** Tells a client that speaks HTTP to a TLS port from one that speaks nonsense. */
  #refuseHttp(): void {
    const start = String.fromCharCode(
      ...this.#buffer.subarray(this.#start, this.#start + recordHeaderLength),
    );
    const reason = /^(GET |POST |HEAD |PUT )/.test(start)
      ? "HTTP_REQUEST"
      : start === "CONNE"
      ? "HTTPS_PROXY_REQUEST"
      : undefined;
    if (reason !== undefined) throw misbehaved(AlertDescription.unexpected_message, reason, "it speaks HTTP");
  }
}
