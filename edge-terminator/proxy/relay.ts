import type { Socket } from "node:net";
import type { Application, ClientSide } from "../connection/application.ts";

/**
 * Carries bytes between a client and its backend, both ways and with backpressure: whoever does not read is not read
 * for, so that a relay holds one read's worth of bytes in each direction, and what the sockets hold.
 *
 * Each direction ends by itself: the client's close_notify becomes a FIN to the backend, the backend's FIN a
 * close_notify to the client.
 */
export class Relay implements Application {
  readonly #backend: Socket;
  readonly #client: ClientSide;
  #clientEnded = false;
  #backendEnded = false;

  /**
   * `open` connects to the backend, which may still be connecting when it returns, writes what must come first, and
   * has what the backend sends given to `receive`.
   */
  constructor(open: (receive: (data: Uint8Array) => void) => Socket, client: ClientSide) {
    const backend = open((data) => {
      if (!client.send(data)) backend.pause();
    });
    this.#backend = backend;
    this.#client = client;
    backend.on("drain", () => client.resume());
    backend.on("end", () => {
      this.#backendEnded = true;
      client.endSending();
    });
    backend.on("error", (error: Error) => {
      // After its FIN the backend owes nothing: that it no longer takes bytes concerns nobody but the client's upload.
      if (!this.#backendEnded) client.fail(error);
    });
  }

  /** Both directions have come to their end in good order. */
  get isComplete(): boolean {
    return this.#clientEnded && this.#backendEnded;
  }

  /** The client has said that it sends no more. */
  get clientHasEnded(): boolean {
    return this.#clientEnded;
  }

  fromClient(data: Uint8Array): void {
    if (this.#backend.destroyed || this.#clientEnded) return;
    if (!this.#backend.write(data)) this.#client.pause();
  }

  /** The client's close_notify. */
  clientEnded(): void {
    this.#clientEnded = true;
    this.#backend.end();
  }

  clientDrained(): void {
    this.#backend.resume();
  }

  /**
   * The connection to the client is over. A stream that was cut off is not passed off as a whole one: the backend gets
   * a reset instead of a FIN. What both sides have ended is left to drain.
   */
  release(): void {
    if (this.isComplete) return;
    // There is nobody to reset while it is still connecting.
    if (this.#clientEnded || this.#backend.connecting) this.#backend.destroy();
    else this.#backend.resetAndDestroy();
  }
}
