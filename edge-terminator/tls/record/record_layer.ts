import { concatenate } from "../../../shared/codec/concatenate.ts";
import { keyAead, type KeyedAead } from "../../../shared/libcrypto/aead.ts";
import { AlertDescription, ContentType, ProtocolVersion } from "../../../shared/tls_constants.ts";
import { misbehaved } from "../errors.ts";
import { EarlyDataSkipper } from "./early_data_skipper.ts";
import {
  maxEmptyRecords,
  maxPlaintext,
  maxTls12Ciphertext,
  maxTls13Ciphertext,
  recordHeaderLength,
} from "./limits.ts";
import { OutputQueue } from "./output_queue.ts";
import type { OpenedRecord, RecordKeys } from "./record_keys.ts";
import { type RawRecord, RecordReader } from "./record_reader.ts";

/** What a record carried, decrypted. Application data of records that came together is joined. */
export type Incoming = OpenedRecord;

const writtenVersion = ProtocolVersion.TLSv1_2;

/**
 * The record layer of one connection: cuts, opens and seals records, and counts what may not come too often.
 *
 * It owns the keys in use, one for each direction.
 */
export class RecordLayer implements Disposable {
  readonly reader = new RecordReader();
  readonly output = new OutputQueue();
  readonly earlyData = new EarlyDataSkipper();
  /** The most content the peer accepts in one record (RFC 8449). */
  maxSentContent = maxPlaintext;
  /** Protected records are padded to a multiple of so many bytes, content type included; 1 for none. */
  padTo = 1;
  #readKeys: RecordKeys | undefined;
  #writeKeys: RecordKeys | undefined;
  #emptyRecords = 0;
  #protocol: "TLS 1.3" | "TLS 1.2" | undefined;
  /** What ended a batch of application data: it comes after the data. */
  #deferred: (() => Incoming) | undefined;
  #pendingHandshake: Uint8Array[] = [];
  #everOpened = false;

  get readKeys(): RecordKeys | undefined {
    return this.#readKeys;
  }

  get writeKeys(): RecordKeys | undefined {
    return this.#writeKeys;
  }

  /** Whether a protected record of the peer has ever been accepted. */
  get everOpened(): boolean {
    return this.#everOpened;
  }

  /** Records are read under `keys` from the next one on; the old keys are gone. */
  setReadKeys(keys: RecordKeys, version: "TLS 1.3" | "TLS 1.2" = "TLS 1.3"): void {
    this.#readKeys?.[Symbol.dispose]();
    this.#readKeys = keys;
    this.#protocol = version;
    this.reader.version = ProtocolVersion.TLSv1_2;
    this.reader.maxFragment = version === "TLS 1.3" ? maxTls13Ciphertext : maxTls12Ciphertext;
  }

  /** Records are written under `keys` from the next one on; the old keys are gone. */
  setWriteKeys(keys: RecordKeys): void {
    this.flushHandshake();
    this.#writeKeys?.[Symbol.dispose]();
    this.#writeKeys = keys;
  }

  /** The next content of the peer, or undefined while bytes are missing. */
  next(): Incoming | undefined {
    const deferred = this.#deferred;
    this.#deferred = undefined;
    if (deferred !== undefined) return deferred();
    for (;;) {
      if (this.#readKeys !== undefined && this.reader.ready) {
        const opened = this.#openBatch(this.#readKeys);
        if (opened !== undefined) return opened;
        continue;
      }
      const record = this.reader.next();
      if (record === undefined) return undefined;
      if (this.earlyData.skipsUnprotected(record)) continue;
      if (record.type === ContentType.handshake) this.earlyData.stop();
      return this.#unprotected(record);
    }
  }

  /**
   * Opens records until one is not application data; undefined when all that came was to be ignored. Records are
   * opened where they lie and their contents moved together there: a buffer for 64 KiB costs more than the moving.
   */
  #openBatch(keys: RecordKeys): Incoming | undefined {
    let data: Uint8Array | undefined;
    let other: (() => Incoming) | undefined;
    using keyed = keyAead(keys.aead, keys.key, "open");
    try {
      while (other === undefined && this.reader.ready) {
        const opened = this.#open(keys, keyed);
        if (opened === undefined) continue;
        const joined = opened.type === ContentType.application_data ? join(data, opened.content) : undefined;
        if (joined === undefined) other = () => opened;
        else data = joined;
      }
    } catch (error) {
      // What was authentic before the record at fault is still the application's.
      other = () => {
        throw error;
      };
    }
    if (data === undefined || data.length === 0) return other?.();
    this.#deferred = other;
    return { type: ContentType.application_data, content: data };
  }

  #open(keys: RecordKeys, keyed: KeyedAead): Incoming | undefined {
    const record = this.reader.next()!;
    if (this.#mayBeUnprotected(record)) return this.#unprotected(record);
    const opened = keys.open(keyed, record);
    if (opened === undefined) {
      this.earlyData.skipUndecryptable(record);
      return undefined;
    }
    this.earlyData.stop();
    this.#everOpened = true;
    this.#count(opened.type, opened.content.length);
    return opened;
  }

  /**
   * What may come in the clear although records are encrypted: change_cipher_spec (RFC 8446, Section 5), and an
   * alert of a client that could make nothing of our ServerHello.
   */
  #mayBeUnprotected(record: RawRecord): boolean {
    if (this.#protocol !== "TLS 1.3") return false;
    if (record.type === ContentType.change_cipher_spec) return true;
    return record.type === ContentType.alert && record.fragment.length === 2 && !this.#everOpened;
  }

  #unprotected(record: RawRecord): Incoming {
    if (record.fragment.length > maxPlaintext) {
      const why = `a record is ${record.fragment.length} bytes long`;
      throw misbehaved(AlertDescription.record_overflow, "DATA_LENGTH_TOO_LONG", why);
    }
    this.#count(record.type, record.fragment.length);
    return { type: record.type, content: record.fragment.slice() };
  }

  #count(type: number, length: number): void {
    if (length > 0 && type !== ContentType.change_cipher_spec) {
      this.#emptyRecords = 0;
      return;
    }
    if (++this.#emptyRecords > maxEmptyRecords) {
      throw misbehaved(
        AlertDescription.unexpected_message,
        "TOO_MANY_EMPTY_FRAGMENTS",
        "too many records without content follow each other",
      );
    }
  }

  /** Queues a handshake message; messages share records until `flushHandshake`. */
  writeHandshake(message: Uint8Array): void {
    this.#pendingHandshake.push(message);
  }

  flushHandshake(): void {
    if (this.#pendingHandshake.length === 0) return;
    const messages = this.#pendingHandshake;
    this.#pendingHandshake = [];
    this.#seal(ContentType.handshake, messages.length === 1 ? messages[0]! : concatenate(messages));
  }

  /** Seals content of any other type, after the handshake messages that wait. */
  write(type: number, content: Uint8Array): void {
    this.flushHandshake();
    this.#seal(type, content);
  }

  /** A change_cipher_spec: never encrypted in TLS 1.3 (RFC 8446, Section 5). */
  writeChangeCipherSpec(): void {
    this.flushHandshake();
    this.output.push(new Uint8Array([ContentType.change_cipher_spec, 3, 3, 0, 1, 1]));
  }

  /** Seals into one buffer as many records as the content needs; none for empty content. */
  #seal(type: number, content: Uint8Array): void {
    const keys = this.#writeKeys;
    const records = Math.ceil(content.length / this.maxSentContent);
    // Only the last record has room for padding: the others are full.
    const padding = keys?.pads ? this.#paddingOf(content.length - (records - 1) * this.maxSentContent) : 0;
    const expansion = records * (keys?.expansion ?? recordHeaderLength) + padding;
    const output = this.output.reserve(content.length + expansion);
    using keyed = keys === undefined ? undefined : keyAead(keys.aead, keys.key, "seal");
    let written = 0;
    for (let at = 0; at < content.length; at += this.maxSentContent) {
      const part = content.subarray(at, at + this.maxSentContent);
      const room = output.subarray(written);
      const isLast = at + part.length === content.length;
      written += keys === undefined
        ? writePlain(type, part, room)
        : keys.seal(keyed!, type, part, room, isLast ? padding : 0);
    }
    this.output.push(output);
  }

  /** RFC 8446, Section 5.4: never more than the peer accepts in one record. */
  #paddingOf(contentLength: number): number {
    const innerLength = contentLength + 1;
    const padded = Math.ceil(innerLength / this.padTo) * this.padTo;
    return Math.min(padded, this.maxSentContent + 1) - innerLength;
  }

  [Symbol.dispose](): void {
    this.#readKeys?.[Symbol.dispose]();
    this.#writeKeys?.[Symbol.dispose]();
    this.#readKeys = undefined;
    this.#writeKeys = undefined;
    this.#deferred = undefined;
    this.#pendingHandshake = [];
  }
}

function writePlain(type: number, content: Uint8Array, output: Uint8Array): number {
  output[0] = type;
  output[1] = writtenVersion >> 8;
  output[2] = writtenVersion & 0xff;
  output[3] = content.length >> 8;
  output[4] = content.length & 0xff;
  output.set(content, recordHeaderLength);
  return recordHeaderLength + content.length;
}

/**
 * Application data with `more` behind it in the same buffer, where the records' headers and tags have left room;
 * undefined where `more` lies in another.
 */
function join(data: Uint8Array | undefined, more: Uint8Array): Uint8Array | undefined {
  if (data === undefined || data.length === 0) return more;
  if (data.buffer !== more.buffer) return undefined;
  const joined = new Uint8Array(data.buffer, data.byteOffset, data.length + more.length);
  joined.set(more, data.length);
  return joined;
}
