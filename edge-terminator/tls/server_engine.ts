import { plainBytes } from "../../shared/codec/plain_bytes.ts";
import { AlertDescription } from "../../shared/tls_constants.ts";
import { InternalFailure, unexpectedMessage } from "../../shared/tls_messages/errors.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { alertFor, sendAlert, trySendAlert } from "./alerts.ts";
import type { PeerVerdict } from "./client_certificates/peer_verdict.ts";
import { Connection } from "./connection.ts";
import { AlertReceived, asTlsError, EngineMisusedError, KeyingMaterialError } from "./errors.ts";
import { exportFrom } from "./exporter.ts";
import type { Encapsulation } from "./key_exchange/server_share.ts";
import type { TlsServerEvent } from "./server_events.ts";
import { resolveOptions, type TlsServerOptions } from "./server_options.ts";
import type { CachedSession } from "./sessions/session_cache.ts";
import type { TlsSite } from "./site.ts";
import { failEncapsulation, receiveEncapsulation } from "./states/awaiting_encapsulation.ts";
import { receiveKeyExchangeSignature } from "./states/awaiting_key_exchange_signature.ts";
import { receivePeerVerdict } from "./states/awaiting_peer_verification.ts";
import { receiveMasterSecret } from "./states/awaiting_rsa_decryption.ts";
import { receiveSession } from "./states/awaiting_session.ts";
import { receiveSignature } from "./states/awaiting_signature.ts";
import { receiveSite } from "./states/awaiting_site.ts";
import { sendApplicationData, updateSendingKey } from "./states/connected.ts";
import { sendTls12ApplicationData } from "./states/connected_tls12.ts";
import { awaitsPeer, receiveMessage } from "./states/receive_message.ts";
import { receiveRecord } from "./states/receive_record.ts";
import type { State } from "./states/state.ts";

const signatureStates = ["awaiting-signature", "awaiting-key-exchange-signature"] as const;

/**
 * A TLS server for one connection, without sockets and without timers: bytes in; bytes, events and a next state out.
 *
 * After each call drain `nextEvent` and `takeOutput`. `receive` and the answers never throw for what the peer does: a
 * failure is an alert in the output and a "failed" event, and everything given later is ignored. They throw
 * EngineMisusedError for a call that the state has no use for, which is a bug of the caller's.
 */
export class TlsServerEngine implements Disposable {
  readonly #connection: Connection;
  #state: State = { name: "awaiting-client-hello" };

  constructor(options: TlsServerOptions) {
    this.#connection = new Connection(resolveOptions(options));
  }

  /** The name of the current state. */
  get state(): State["name"] {
    return this.#state.name;
  }

  /** False while the engine waits for an answer of its own side, or for nothing more: reading on only buffers. */
  get wantsInput(): boolean {
    return awaitsPeer(this.#state) && !this.#connection.readClosed;
  }

  /**
   * Bytes from the peer, which become the engine's: records are decrypted where they lie, and application data that is
   * emitted is a view of them.
   */
  receive(bytes: Uint8Array): void {
    if (this.#over || this.#connection.readClosed) return;
    this.#guard(() => {
      this.#connection.records.reader.push(plainBytes(bytes));
      this.#readOn();
    });
  }

  nextEvent(): TlsServerEvent | undefined {
    return this.#connection.nextEvent();
  }

  /** Bytes for the peer, coalesced; undefined when there are none. */
  takeOutput(): Uint8Array | undefined {
    return this.#connection.records.output.take();
  }

  /** Says that nobody reads these bytes of `takeOutput` any more, so that other output may take their place. */
  giveBackOutput(bytes: Uint8Array): void {
    this.#connection.records.output.giveBack(bytes);
  }

  /** Answers "client-hello"; undefined refuses the name with unrecognized_name. */
  answerSite(site: TlsSite | undefined): void {
    this.#answer(["awaiting-site"], (state) => receiveSite(state, this.#connection, site));
  }

  /** Answers "encapsulation-needed". The shared secret becomes the engine's, whatever the state. */
  answerEncapsulation(result: Encapsulation | Error): void {
    if (result instanceof Error) {
      this.#answer(["awaiting-encapsulation"], () => failEncapsulation(result));
      return;
    }
    using _secret = result.sharedSecret;
    this.#answer(
      ["awaiting-encapsulation"],
      (state) => receiveEncapsulation(state, this.#connection, result),
    );
  }

  /** Answers "signature-needed": DER for ECDSA, as it stands in CertificateVerify. */
  answerSignature(signature: Uint8Array): void {
    const connection = this.#connection;
    this.#answer(
      signatureStates,
      (state) =>
        state.name === "awaiting-signature"
          ? receiveSignature(state, connection, signature)
          : receiveKeyExchangeSignature(state, connection, signature),
    );
  }

  /** Answers "rsa-decryption-needed" with a master secret, which becomes the engine's, whatever the state. */
  answerMasterSecret(secret: Secret): void {
    using unused = new DisposableStack();
    unused.use(secret);
    this.#answer(["awaiting-rsa-decryption"], (state) => {
      unused.move();
      return receiveMasterSecret(state, this.#connection, secret);
    });
  }

  /** Answers "signature-needed" and "rsa-decryption-needed" when there is nothing to answer with: internal_error. */
  failPrivateKeyOperation(error: Error): void {
    this.#answer([...signatureStates, "awaiting-rsa-decryption"], () => {
      throw new InternalFailure("Cannot go on: the private key operation failed", {
        cause: error,
        reason: "PRIVATE_KEY_OPERATION_FAILED",
      });
    });
  }

  /** Answers "verification-needed"; an Error says that nobody can tell: internal_error. */
  answerVerification(verdict: PeerVerdict | Error): void {
    this.#answer(["awaiting-peer-verification"], (state) => receivePeerVerdict(state, verdict));
  }

  /** Answers "session-needed"; undefined: nobody has it. The secret becomes the engine's, whatever the state. */
  answerSession(session: CachedSession | undefined): void {
    using unused = new DisposableStack();
    unused.use(session?.secret);
    this.#answer(["awaiting-session"], (state) => {
      unused.move();
      return receiveSession(state, this.#connection, session);
    });
  }

  /** Application data for the peer. Only once connected and before `close`. */
  send(plaintext: Uint8Array): void {
    if (this.#over) return;
    const state = this.#state;
    if (state.name !== "connected" || this.#connection.writeClosed) {
      throw new EngineMisusedError("send", this.#connection.writeClosed ? "closed for sending" : state.name);
    }
    this.#guard(() => {
      if (state.version === "TLS 1.2") sendTls12ApplicationData(state, this.#connection, plaintext);
      else this.#state = sendApplicationData(state, this.#connection, plaintext);
    });
  }

  /** Renews our sending key now; with `requestPeer` the peer is asked to renew its own. */
  updateKeys(requestPeer = false): void {
    const state = this.#state;
    if (state.name !== "connected" || state.version !== "TLS 1.3" || this.#connection.writeClosed) {
      throw new EngineMisusedError("update keys", state.name);
    }
    this.#guard(() => {
      this.#state = updateSendingKey(state, this.#connection, requestPeer);
    });
  }

  /**
   * Keying material for the application (RFC 5705; RFC 8446, Section 7.5), once connected, of an engine whose options
   * say `exportsKeyingMaterial`. The result leaves the pool: it is the application's, and so is wiping it.
   *
   * @throws {KeyingMaterialError} for a label, context or length that no exporter takes (`exporter.ts` has the limits),
   * and when nothing may be exported: not yet connected, not kept, or TLS 1.2 without an extended master secret
   */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    const state = this.#state;
    if (state.name !== "connected" || state.exporter === undefined) {
      throw new KeyingMaterialError(`the engine is ${state.name} and keeps no secret for it`);
    }
    return exportFrom(state.exporter, label, context, length);
  }

  /** Sends close_notify: our side is at its end, the peer may go on until its own. */
  close(): void {
    if (this.#over || this.#connection.writeClosed) return;
    this.#guard(() => {
      sendAlert(this.#connection.records, AlertDescription.close_notify);
      this.#connection.writeClosed = true;
      if (this.#connection.readClosed || this.#state.name !== "connected") this.#end({ name: "closed" });
    });
  }

  /** Gives up with a fatal alert, for a deadline that has passed or the like. */
  abort(alert: AlertDescription): void {
    if (this.#over) return;
    this.#fail(
      alert === AlertDescription.internal_error
        ? new InternalFailure("Cannot go on: aborted")
        : unexpectedMessage("Cannot go on: aborted", "ABORTED"),
      alert,
    );
  }

  /** Lets go of every secret at once, without a word to the peer. */
  [Symbol.dispose](): void {
    if (!this.#over) this.#end({ name: "closed" });
  }

  get #over(): boolean {
    return this.#state.name === "closed" || this.#state.name === "failed";
  }

  /** Runs an answer in the state it belongs to; answers that come after the end are ignored. */
  #answer<Name extends State["name"]>(
    names: readonly Name[],
    take: (state: Extract<State, { name: Name }>) => State,
  ): void {
    if (this.#over) return;
    const state = this.#state;
    if (!(names as readonly string[]).includes(state.name)) {
      throw new EngineMisusedError("take an answer", state.name);
    }
    this.#guard(() => {
      this.#state = take(state as Extract<State, { name: Name }>);
      this.#readOn();
    });
  }

  /** The one place that catches: whatever is thrown ends the connection. */
  #guard(step: () => void): void {
    const { records, handshake } = this.#connection;
    try {
      step();
      const flightIsWhole = !(signatureStates as readonly string[]).includes(this.#state.name);
      if (flightIsWhole || this.#connection.options.sendsFlightEarly) records.flushHandshake();
    } catch (thrown) {
      this.#fail(thrown);
    }
    records.reader.settle();
    handshake.settle();
  }

  #readOn(): void {
    const { handshake, records } = this.#connection;
    while (awaitsPeer(this.#state) && !this.#connection.readClosed) {
      const message = handshake.next();
      if (message !== undefined) {
        this.#state = receiveMessage(this.#state, this.#connection, message);
        continue;
      }
      const incoming = records.next();
      if (incoming === undefined) return;
      const next = receiveRecord(this.#state, this.#connection, incoming);
      if (next.name === "closed") this.#end(next);
      else this.#state = next;
    }
  }

  /** The one place that ends a connection by an error: picks the alert, sends it, lets go of everything. */
  #fail(thrown: unknown, alert?: AlertDescription): void {
    const error = asTlsError(thrown);
    const alertSent = this.#connection.writeClosed ? undefined : alert ?? alertFor(error);
    if (alertSent !== undefined) trySendAlert(this.#connection.records, alertSent);
    this.#connection.forgetSession();
    this.#end({ name: "failed" });
    this.#connection.emit({
      type: "failed",
      error,
      ...(alertSent === undefined ? {} : { alertSent }),
      ...(error instanceof AlertReceived ? { alertReceived: error.alert } : {}),
    });
  }

  #end(state: Extract<State, { name: "closed" | "failed" }>): void {
    this.#state = state;
    this.#connection[Symbol.dispose]();
  }
}
