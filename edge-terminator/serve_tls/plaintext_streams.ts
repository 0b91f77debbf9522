import type { Application, ClientSide } from "../connection/application.ts";
import { TlsConnectionError } from "./errors.ts";

/** Bytes that are read ahead of the program; then nothing more is read from the client. */
const readAhead = 64 * 1024;
/** Bytes that are sealed in one go; between two of them the client's pace counts. */
const pieceLength = 64 * 1024;

/** A connection's plaintext as a pair of streams, with the program's pace and the client's told to each other. */
export class PlaintextStreams implements Application {
  /** What the client sends. Ends with its close_notify; fails when the connection is lost before. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What the client gets. Closing it sends close_notify; aborting it an alert, and ends the connection. */
  readonly writable: WritableStream<Uint8Array>;
  readonly #client: ClientSide;
  readonly #onOver: () => void;
  #reading!: ReadableStreamDefaultController<Uint8Array>;
  #writing!: WritableStreamDefaultController;
  #drained: PromiseWithResolvers<void> | undefined;
  #clientHasEnded = false;
  /** The program reads no more: what still comes is dropped. */
  #discards = false;
  #sendingEnded = false;
  #isOver = false;

  /** `onOver` is called once, when the connection is over. */
  constructor(client: ClientSide, onOver: () => void) {
    this.#client = client;
    this.#onOver = onOver;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#reading = controller),
      pull: () => this.#client.resume(),
      cancel: () => this.#stopReading(),
    }, { highWaterMark: readAhead, size: (data) => data.length });
    this.writable = new WritableStream({
      start: (controller) => void (this.#writing = controller),
      write: (data) => this.#write(data),
      close: () => this.#endSending(),
      abort: (reason) => this.fail(reason),
    });
  }

  get isComplete(): boolean {
    return this.#sendingEnded && (this.#clientHasEnded || this.#discards);
  }

  get clientHasEnded(): boolean {
    return this.#clientHasEnded;
  }

  fromClient(data: Uint8Array): void {
    if (this.#discards) return;
    this.#reading.enqueue(data);
    if ((this.#reading.desiredSize ?? 0) <= 0) this.#client.pause();
  }

  clientEnded(): void {
    this.#clientHasEnded = true;
    if (!this.#discards) this.#reading.close();
  }

  clientDrained(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  release(): void {
    this.#isOver = true;
    const lost = new TlsConnectionError(
      "connection-lost",
      "it ended before the client said that it was done",
    );
    if (!this.#clientHasEnded && !this.#discards) this.#reading.error(lost);
    if (!this.#sendingEnded) this.#writing.error(lost);
    this.#drained?.reject(lost);
    this.#onOver();
  }

  /** Ends both directions in good order, whatever the streams are being used for. */
  end(): void {
    if (this.#isOver) return;
    if (!this.#clientHasEnded && !this.#discards) this.#reading.close();
    if (!this.#sendingEnded) this.#writing.error(closedHere());
    this.#drained?.reject(closedHere());
    this.#drained = undefined;
    this.#discards = true;
    this.#endSending();
  }

  /** Ends the connection with an alert: the client must not take what it has for the whole. */
  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#client.fail(reason instanceof Error ? reason : new Error("the program aborted the connection"));
  }

  async #write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += pieceLength) {
      if (this.#sendingEnded || this.#isOver) throw closedHere();
      if (this.#client.send(data.subarray(at, at + pieceLength)) || this.#isOver) continue;
      this.#drained = Promise.withResolvers();
      await this.#drained.promise;
    }
  }

  #endSending(): void {
    this.#sendingEnded = true;
    this.#client.endSending();
  }

  #stopReading(): void {
    this.#discards = true;
    if (this.#isOver) return;
    // What is complete now has to be noticed; else the client must be able to go on to its end.
    if (this.isComplete) this.#client.endSending();
    else this.#client.resume();
  }
}

function closedHere(): TlsConnectionError {
  return new TlsConnectionError("connection-closed", "this side has closed it");
}
