import { concatenate } from "../../../shared/codec/concatenate.ts";
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
 * Chunks given to `push` are read in place until `settle`, which copies what is left of them: the beginning of one
 * record, as a rule. The next chunk gives the rest of that record only, and is itself read in place from there on.
 */
export class RecordReader {
  /** The beginning of a record, from earlier chunks; in the first `#headLength` bytes. */
  #head: Uint8Array = empty;
  #headLength = 0;
  /** The last chunk, or what is left of several. */
  #chunk: Uint8Array = empty;
  /** The most a fragment may be long; what is in the clear has a lower bound, checked where it is read. */
  maxFragment = maxTls13Ciphertext;
  /** The exact version records must carry; undefined before it is negotiated: then only the major number counts. */
  version: number | undefined;

  get buffered(): number {
    return this.#headLength + this.#chunk.length;
  }

  push(bytes: Uint8Array): void {
    if (this.buffered > 0 && this.buffered + bytes.length > maxBuffered) {
      throw misbehaved(
        AlertDescription.unexpected_message,
        "EXCESS_DATA",
        "it sends on while it has to wait",
      );
    }
    this.#chunk = this.#chunk.length === 0 ? bytes : concatenate([this.#chunk, bytes]);
  }

  /** The next whole record, or undefined while bytes are missing. */
  next(): RawRecord | undefined {
    const length = this.#wholeLength();
    if (length === undefined) return undefined;
    const record = this.#take(length);
    return {
      type: record[0]!,
      version: record[1]! << 8 | record[2]!,
      header: record.subarray(0, recordHeaderLength),
      fragment: record.subarray(recordHeaderLength),
    };
  }

  /** Whether `next` would return a record. */
  get ready(): boolean {
    return this.#wholeLength() !== undefined;
  }

  /** Lets go of the caller's chunk. */
  settle(): void {
    if (this.#chunk.length > 0) this.#chunk = this.#chunk.slice();
    if (this.#headLength > 0) return;
    this.#head = this.#chunk;
    this.#headLength = this.#chunk.length;
    this.#chunk = empty;
  }

  /** The length of the next record, header included; undefined while a part of it is missing. */
  #wholeLength(): number | undefined {
    if (this.#headLength > 0 && !this.#fillHeadTo(recordHeaderLength)) return undefined;
    const start = this.#headLength > 0 ? this.#head : this.#chunk;
    if (start.length < recordHeaderLength) return undefined;
    const length = recordHeaderLength + this.#checkHeader(start);
    if (this.#headLength > 0) return this.#fillHeadTo(length) ? length : undefined;
    return this.#chunk.length < length ? undefined : length;
  }

  #take(length: number): Uint8Array {
    if (this.#headLength === 0) {
      const taken = this.#chunk.subarray(0, length);
      this.#chunk = this.#chunk.subarray(length);
      return taken;
    }
    const taken = this.#head.subarray(0, length);
    // What follows it in the same buffer is the beginning of the next.
    this.#head = this.#head.subarray(length);
    this.#headLength -= length;
    return taken;
  }

  /** Moves bytes from the chunk until the head has `length`; false when the chunk ran out. */
  #fillHeadTo(length: number): boolean {
    const wanted = Math.min(length - this.#headLength, this.#chunk.length);
    if (wanted <= 0) return this.#headLength >= length;
    const filled = this.#headLength + wanted;
    if (filled > this.#head.length) {
      // Doubling, up to the whole record: linear work even for one-byte chunks, and no more memory than has come.
      const grown = new Uint8Array(Math.max(filled, Math.min(length, 2 * filled)));
      grown.set(this.#head.subarray(0, this.#headLength));
      this.#head = grown;
    }
    this.#head.set(this.#chunk.subarray(0, wanted), this.#headLength);
    this.#headLength = filled;
    this.#chunk = this.#chunk.subarray(wanted);
    return filled >= length;
  }

  /** The length of a fragment by its record's header, with which `start` begins. */
  #checkHeader(start: Uint8Array): number {
    const type = start[0]!;
    const major = start[1]!;
    const version = major << 8 | start[2]!;
    if (this.version === undefined) refuseHttp(start);
    if (this.version === undefined ? major !== 3 : version !== this.version) {
      throw misbehaved(
        AlertDescription.protocol_version,
        "WRONG_VERSION_NUMBER",
        `a record has the version ${version}`,
      );
    }
    if (type < ContentType.change_cipher_spec || type > ContentType.application_data) {
      throw misbehaved(
        AlertDescription.unexpected_message,
        "UNEXPECTED_RECORD",
        `a record has the type ${type}`,
      );
    }
    const length = start[3]! << 8 | start[4]!;
    if (length > this.maxFragment) {
      throw misbehaved(
        AlertDescription.record_overflow,
        "ENCRYPTED_LENGTH_TOO_LONG",
        `a record is ${length} bytes long`,
      );
    }
    return length;
  }
}

/** Tells a client that speaks HTTP to a TLS port from one that speaks nonsense. */
function refuseHttp(start: Uint8Array): void {
  if (start[1] === 3) return;
  const text = String.fromCharCode(...start.subarray(0, recordHeaderLength));
  const reason = /^(GET |POST |HEAD |PUT )/.test(text)
    ? "HTTP_REQUEST"
    : text === "CONNE"
    ? "HTTPS_PROXY_REQUEST"
    : undefined;
  if (reason !== undefined) throw misbehaved(AlertDescription.unexpected_message, reason, "it speaks HTTP");
}

const empty = new Uint8Array(0);
