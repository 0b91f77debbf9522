import type { Socket } from "node:net";
import { AlertDescription } from "../../shared/tls_constants.ts";
import { withoutV4Mapping } from "../proxy/ip_address.ts";
import type { NegotiatedParameters, TlsServerEvent } from "../tls/server_events.ts";
import type { Application } from "./application.ts";
import type { ConnectionContext, Engine } from "./context.ts";
import { Handshake } from "./handshake.ts";
import { closeLingering } from "./lingering_close.ts";

/** Bytes that a client may leave unread in our socket before nothing is read from it either. */
const mostUnread = 512 * 1024;
/** Bytes that are read from a client before the engine has a use for them: alerts and the like fit. */
const mostAhead = 16 * 1024;
/** Milliseconds of silence after which the kernel asks a client whether it is still there. */
const keepAliveDelay = 60_000;

/** Told of the two turns in a connection's life. */
export interface ConnectionWatcher {
  /** The handshake is complete. */
  established(): void;
  /** The socket has closed. */
  over(): void;
}

/**
 * One client: drives the TLS engine over its socket, and hands what comes out to the site's application.
 *
 * Whatever gives the engine something goes through `#step`: it acts on the engine's events, writes the engine's output
 * at once, and turns what nobody expected into the end of this one connection. However the connection ends, the
 * engine's secrets go back to the pool at once, and the watcher is told when the socket has closed.
 */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #engine: Engine;
  readonly #handshake: Handshake;
  readonly #watcher: ConnectionWatcher;
  readonly #client: string;
  #application: Application | undefined;
  #applicationIsFull = false;
  /** Bytes that the client has sent and the engine has no use for yet. */
  #bytesAhead = 0;
  #engineFailed = false;
  #isReleased = false;

  /** Takes over an accepted socket, which must allow half-open connections. Throws when it cannot be served. */
  constructor(socket: Socket, context: ConnectionContext, watcher: ConnectionWatcher) {
    this.#socket = socket;
    this.#context = context;
    this.#watcher = watcher;
    this.#client = `${withoutV4Mapping(socket.remoteAddress ?? "unknown")}:${socket.remotePort ?? 0}`;
    this.#engine = context.createEngine();
    const advance = (step: () => void) => this.#step(step);
    this.#handshake = new Handshake({ engine: this.#engine, context, client: this.#client, advance });
    socket.on("data", (data: Uint8Array) => this.#receive(data));
    socket.on("drain", () => this.#drained());
    socket.on("end", () => this.#clientFinished());
    socket.on("error", () => this.#abandon());
    socket.on("close", () => {
      this.#release();
      watcher.over();
    });
  }

  /** Tells the client that no more comes, and ends the connection: for a worker that has to stop. */
  close(): void {
    if (this.#isReleased) return;
    if (this.#handshake.hasEnded) {
      this.#step(() => this.#engine.close());
      this.#finish();
    } else {
      this.#step(() => this.#engine.abort(AlertDescription.internal_error));
    }
  }

  /** Ends the connection without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** {@link destroy} for a handshake that is not complete: a newcomer needs the place. */
  giveWay(): void {
    this.#handshake.end("gave-way");
    this.#abandon();
  }

  #receive(data: Uint8Array): void {
    if (!this.#engine.wantsInput) this.#bytesAhead += data.length;
    this.#step(() => this.#engine.receive(data));
  }

  #step(step: () => void): void {
    try {
      step();
      this.#advance();
    } catch (error) {
      this.#context.log.error({ event: "connection-broken", client: this.#client, err: error });
      this.#abandon();
    }
  }

  #advance(): void {
    if (this.#isReleased) return;
    for (let event = this.#engine.nextEvent(); event !== undefined; event = this.#engine.nextEvent()) {
      this.#act(event);
    }
    const output = this.#engine.takeOutput();
    if (output !== undefined && this.#socket.writable) this.#write(output);
    if (this.#isReleased) return;
    if (this.#engineFailed || this.#application?.isComplete) this.#finish();
    else this.#throttle();
  }

  #write(output: Uint8Array): void {
    this.#socket.write(output);
    // Nothing is left to write: the kernel has its copy.
    if (this.#socket.writableLength === 0) this.#engine.giveBackOutput(output);
  }

  #act(event: TlsServerEvent): void {
    switch (event.type) {
      case "client-hello":
        return this.#handshake.chooseSite(event.clientHello);
      case "encapsulation-needed":
        this.#handshake.encapsulate(event.encapsulationKey);
        return;
      case "signature-needed":
        this.#handshake.sign(event.request);
        return;
      case "rsa-decryption-needed":
        this.#handshake.exchangeRsaKey(event.request);
        return;
      case "verification-needed":
        this.#handshake.verifyPeer(event.request);
        return;
      case "session-needed":
        this.#handshake.findSession(event.request);
        return;
      case "handshake-complete":
        return this.#openApplication(event.parameters);
      case "application-data":
        return this.#application?.fromClient(event.data);
      case "close-notify":
        this.#application?.clientEnded();
        return this.#watchHalfClosed();
      case "failed":
        this.#engineFailed = true;
        return this.#handshake.fail(event);
      default:
        event satisfies never;
    }
  }

  #openApplication(parameters: NegotiatedParameters): void {
    this.#handshake.complete(parameters);
    this.#watcher.established();
    this.#socket.setKeepAlive(true, keepAliveDelay);
    this.#application = this.#handshake.site!.open(this.#socket, parameters, {
      send: (data) => this.#sendToClient(data),
      endSending: () => this.#endSending(),
      pause: () => this.#setApplicationFull(true),
      resume: () => this.#setApplicationFull(false),
      fail: (error) => this.#applicationFailed(error),
    });
  }

  #sendToClient(data: Uint8Array): boolean {
    if (!this.#isReleased) this.#step(() => this.#engine.send(data));
    return !this.#socket.writableNeedDrain;
  }

  #drained(): void {
    if (this.#isReleased) return;
    this.#application?.clientDrained();
    this.#throttle();
  }

  #setApplicationFull(isFull: boolean): void {
    this.#applicationIsFull = isFull;
    if (!this.#isReleased) this.#throttle();
  }

  /**
   * Reads from the client only what somebody has a use for: what waits, waits in the client's memory. While a signature
   * is asked for, reading goes on for a little, so that a client that leaves is noticed.
   */
  #throttle(): void {
    if (this.#engine.wantsInput) this.#bytesAhead = 0;
    const isAhead = this.#bytesAhead > mostAhead;
    const isFull = this.#applicationIsFull || isAhead || this.#socket.writableLength > mostUnread;
    if (isFull) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** The application's end becomes a close_notify and a FIN; the client may go on sending. */
  #endSending(): void {
    if (this.#isReleased) return;
    this.#step(() => this.#engine.close());
    if (this.#isReleased) return;
    this.#socket.end();
    this.#watchHalfClosed();
  }

  /** The client's FIN. Without a close_notify before it, what came may be cut off: it is not passed off as whole. */
  #clientFinished(): void {
    if (!this.#isReleased && !this.#application?.clientHasEnded) this.#abandon();
  }

  #applicationFailed(error: Error): void {
    if (this.#isReleased) return;
    const site = this.#handshake.site?.name;
    this.#context.log.warn({ event: "application-failed", client: this.#client, site, err: error });
    this.#step(() => this.#engine.abort(AlertDescription.internal_error));
  }

  #watchHalfClosed(): void {
    this.#socket.setTimeout(this.#context.limits.halfClosedIdle, () => this.#socket.destroy());
  }

  /** The end in good order: what is written still reaches the client. */
  #finish(): void {
    if (this.#isReleased) return;
    this.#release();
    closeLingering(this.#socket);
  }

  /** The end without a word. */
  #abandon(): void {
    this.#release();
    this.#socket.destroy();
  }

  /** Lets go of everything but the socket. */
  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#handshake.end("aborted");
    this.#engine[Symbol.dispose]();
    this.#application?.release();
  }
}
