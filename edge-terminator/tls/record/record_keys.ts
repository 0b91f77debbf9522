import type { AeadName, KeyedAead } from "../../../shared/libcrypto/aead.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import type { RawRecord } from "./record_reader.ts";

/** What a protected record held; the content lies where the record's fragment did. */
export interface OpenedRecord {
  readonly type: number;
  readonly content: Uint8Array;
}

/**
 * One direction under one key: the record protection of one version.
 *
 * The AEAD is keyed by the caller, once for a batch of records, and never stays keyed when the event loop gets
 * control back.
 */
export interface RecordKeys extends Disposable {
  readonly aead: AeadName;
  readonly key: Secret;
  /** Bytes a record is longer than its content, header included. */
  readonly expansion: number;
  /** Whether records can be longer than their content needs: TLS 1.3 only. */
  readonly pads: boolean;
  /** Records protected so far under this key. */
  readonly sequence: number;
  /**
   * Writes one whole record at the start of `output`; returns its length. `padding` bytes of zeros
   * follow the content where the version pads.
   */
  seal(keyed: KeyedAead, type: number, content: Uint8Array, output: Uint8Array, padding: number): number;
  /** Decrypts in place. Undefined when the record does not authenticate; the sequence number then stays. */
  open(keyed: KeyedAead, record: RawRecord): OpenedRecord | undefined;
}
