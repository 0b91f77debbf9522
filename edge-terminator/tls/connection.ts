import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { HandshakeReassembler } from "../../shared/tls_messages/handshake_reassembler.ts";
import { unexpectedMessage } from "../../shared/tls_messages/errors.ts";
import { AlertReader } from "./alerts.ts";
import { Keeper } from "./keeper.ts";
import { RecordLayer } from "./record/record_layer.ts";
import type { TlsServerEvent } from "./server_events.ts";
import type { ResolvedOptions } from "./server_options.ts";
import { Transcript } from "./transcript.ts";

/** What a state's function works with: everything of a connection that outlives one state. */
export class Connection implements Disposable {
  readonly options: ResolvedOptions;
  readonly keeper = new Keeper();
  readonly records: RecordLayer;
  readonly transcript: Transcript;
  readonly handshake = new HandshakeReassembler();
  readonly alerts = new AlertReader();
  /** Set once the version is agreed. */
  version: "TLS 1.3" | "TLS 1.2" | undefined;
  /** The id of a TLS 1.2 session that the cache has, once its handshake is complete. */
  cachedSession: Uint8Array | undefined;
  /** Our close_notify is sent: nothing may follow it. */
  writeClosed = false;
  /** The peer's close_notify is here: nothing of it counts any more. */
  readClosed = false;
  readonly #events: TlsServerEvent[] = [];

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.records = this.keeper.keep(new RecordLayer());
    this.records.maxSentContent = options.maxSentContent;
    this.records.padTo = options.padsRecordsTo;
    this.transcript = this.keeper.keep(new Transcript());
  }

  get pool(): LockedPool {
    return this.options.pool;
  }

  emit(event: TlsServerEvent): void {
    this.#events.push(event);
  }

  nextEvent(): TlsServerEvent | undefined {
    return this.#events.shift();
  }

  /** Sends a handshake message and adds it to the transcript. */
  send(message: Uint8Array): void {
    const sent = this.options.rewriteMessage(message);
    this.transcript.add(sent);
    this.records.writeHandshake(sent);
  }

  /**
   * The peer's flight must end with the message just handled: what follows comes under other keys, or not before
   * our answer.
   *
   * RFC 8446, Section 5.1
   */
  expectEndOfFlight(): void {
    if (!this.handshake.isEmpty) {
      throw unexpectedMessage(
        "Cannot go on with the peer: data follows the end of its flight",
        "EXCESS_HANDSHAKE_DATA",
      );
    }
  }

  /** RFC 5246, Section 7.2.2: a connection that has failed takes its session with it. */
  forgetSession(): void {
    if (this.cachedSession !== undefined) this.options.sessions?.cache.remove(this.cachedSession);
  }

  [Symbol.dispose](): void {
    this.keeper[Symbol.dispose]();
  }
}
