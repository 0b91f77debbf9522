import type { Socket } from "node:net";
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { concatenate } from "../shared/codec/concatenate.ts";
import { encodeAnswer, type KeylessAnswer } from "../shared/keyless_protocol/answers.ts";
import { KeylessError, ProtocolError } from "../shared/keyless_protocol/errors.ts";
import { connectionId, type Frame, FrameReader } from "../shared/keyless_protocol/frame.ts";
import type { KeylessRequest } from "../shared/keyless_protocol/operations.ts";
import { decodeRequest } from "../shared/keyless_protocol/requests.ts";
import type { Logger } from "../shared/log.ts";
import type { EdgeSession } from "./connections.ts";
import type { EdgeIdentity } from "./edge_identity.ts";
import { PrefaceReader } from "./preface_reader.ts";

/** Milliseconds that a peer has to close its side after we have closed ours. */
const closingGrace = 2000;

/** Milliseconds that an edge which is thrown out has to read why. */
const cutGrace = 500;

/** Who answers what a session reads. */
export interface RequestHandler {
  /** Never rejects. */
  answer(edge: EdgeIdentity, request: KeylessRequest): Promise<KeylessAnswer>;
  refuse(edge: EdgeIdentity, error: KeylessError): KeylessAnswer;
  /** Answers are about to go out: whatever has to be kept of them is kept first. Never throws. */
  beforeAnswers(): void;
}

export interface SessionOptions {
  readonly socket: Socket;
  readonly edge: EdgeIdentity;
  readonly handler: RequestHandler;
  readonly log: Logger;
  /** What must come before the first frame (unix sockets); undefined over TLS. */
  readonly preface: Uint8Array | undefined;
  readonly inFlightLimit: number;
  /** Milliseconds after which a peer that does not read its answers is closed. */
  readonly writeDeadline?: number;
  readonly onProtocolError: () => void;
}

/** One edge's connection: frames in, answers out in any order, written once a turn of the event loop. */
export class KeylessSession implements EdgeSession {
  readonly #options: SessionOptions;
  readonly #frames = new FrameReader();
  readonly #preface: PrefaceReader | undefined;
  readonly #inFlight = new Set<number>();
  #pending: Uint8Array[] = [];
  #flushing = false;
  #reading = true;
  #ending = false;
  #stalled: ReturnType<typeof setTimeout> | undefined;
  #closing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#preface = options.preface && new PrefaceReader(options.preface);
    const { socket } = options;
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("end", () => this.#receiveEnd());
    socket.on("drain", () => this.#resume());
    socket.on("close", () => this.#forget());
  }

  get edge(): EdgeIdentity {
    return this.#options.edge;
  }

  /** Requests read and not answered. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Answers what is in flight, and what comes until then (the handler may refuse it), then closes. */
  end(): void {
    this.#ending = true;
    this.#endWhenAnswered();
  }

  /** Tells the edge why and closes; nothing that is in flight is answered. */
  cut(reason: string): void {
    const { socket } = this.#options;
    this.#reading = false;
    this.#ending = true;
    this.#inFlight.clear();
    this.#pending = [];
    if (socket.writableEnded) return void socket.destroy();
    const lastWord = this.#refuse(new KeylessError("not-authorised", reason));
    socket.end(encodeAnswer(connectionId, lastWord));
    this.#closing ??= setTimeout(() => socket.destroy(), cutGrace);
  }

  #receive(chunk: Uint8Array): void {
    if (!this.#reading) return;
    try {
      const rest = this.#preface === undefined ? chunk : this.#preface.take(chunk);
      if (rest.length > 0) this.#frames.push(rest);
      for (
        let frame = this.#frames.next();
        frame !== undefined && this.#reading;
        frame = this.#frames.next()
      ) {
        this.#handle(frame);
      }
    } catch (error) {
      this.#breakOff(connectionId, asProtocolError(error));
    }
  }

  #receiveEnd(): void {
    if (this.#reading && !this.#frames.atFrameBoundary) {
      this.#breakOff(connectionId, new ProtocolError("Cannot read a frame: the stream ends within it"));
    }
    this.end();
  }

  #handle(frame: Frame): void {
    const { id } = frame;
    if (id === connectionId || this.#inFlight.has(id)) {
      const why = id === connectionId ? "is 0" : "is in flight already";
      return this.#breakOff(connectionId, new ProtocolError(`Cannot take a request: its id ${why}`));
    }
    let request: KeylessRequest;
    try {
      request = decodeRequest(frame);
    } catch (error) {
      if (error instanceof KeylessError) return this.#send(id, this.#refuse(error));
      return this.#breakOff(id, asProtocolError(error));
    }
    if (this.#inFlight.size >= this.#options.inFlightLimit) {
      const error = new KeylessError("overloaded", "too many requests in flight on this connection");
      return this.#send(id, this.#refuse(error));
    }
    this.#inFlight.add(id);
    void this.#answer(id, request);
  }

  async #answer(id: number, request: KeylessRequest): Promise<void> {
    const answer = await this.#options.handler.answer(this.edge, request);
    this.#inFlight.delete(id);
    this.#send(id, answer);
  }

  #refuse(error: KeylessError): KeylessAnswer {
    return this.#options.handler.refuse(this.edge, error);
  }

  /** One last error, then the end of this connection and of nothing else. */
  #breakOff(id: number, error: ProtocolError): void {
    this.#reading = false;
    this.#ending = true;
    this.#options.log.warn(
      { event: "protocol-error", edge: this.edge.name, id, reason: error.message },
      "closing",
    );
    this.#options.onProtocolError();
    this.#send(id, this.#refuse(new KeylessError("bad-request", error.message, { cause: error })));
    this.#inFlight.clear();
    this.#flush();
  }

  #send(id: number, answer: KeylessAnswer): void {
    if (this.#options.socket.writableEnded || this.#options.socket.destroyed) return;
    this.#pending.push(this.#encode(id, answer));
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  /** What the token made and the protocol cannot carry is one request's failure, and no more. */
  #encode(id: number, answer: KeylessAnswer): Uint8Array {
    try {
      return encodeAnswer(id, answer);
    } catch (cause) {
      return encodeAnswer(
        id,
        this.#refuse(new KeylessError("token-failure", "the token failed", { cause })),
      );
    }
  }

  #flush(): void {
    this.#flushing = false;
    const { socket } = this.#options;
    const answers = this.#pending;
    this.#pending = [];
    if (answers.length > 0 && !socket.destroyed && !socket.writableEnded) {
      this.#options.handler.beforeAnswers();
      if (!socket.write(answers.length === 1 ? answers[0]! : concatenate(answers))) this.#pause();
    }
    if (this.#ending) this.#endWhenAnswered();
  }

  /** A peer that does not read is not read from either: what it can make us hold is its requests in flight. */
  #pause(): void {
    const { socket, log, writeDeadline = 30_000 } = this.#options;
    socket.pause();
    this.#stalled ??= setTimeout(() => {
      log.warn({ event: "slow-reader", edge: this.edge.name }, "closing a connection that does not read");
      socket.destroy();
    }, writeDeadline);
  }

  #resume(): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    this.#options.socket.resume();
  }

  #endWhenAnswered(): void {
    if (this.#inFlight.size > 0 || this.#pending.length > 0) return;
    const { socket } = this.#options;
    this.#reading = false;
    socket.end();
    // What the peer still sends is read and dropped, so that no reset takes our last answer away; but not for ever.
    this.#closing ??= setTimeout(() => socket.destroy(), closingGrace);
  }

  #forget(): void {
    this.#reading = false;
    clearTimeout(this.#stalled);
    clearTimeout(this.#closing);
    this.#pending = [];
  }
}

function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ProtocolError("Cannot read what the peer sent", { cause: error });
}
