import type { Socket } from "node:net";
import { concatenate } from "../../shared/codec/concatenate.ts";
import { plainBytes } from "../../shared/codec/plain_bytes.ts";
import { decodeAnswer, type ErrorAnswer, type KeylessAnswer } from "../../shared/keyless_protocol/answers.ts";
import { ProtocolError } from "../../shared/keyless_protocol/errors.ts";
import { connectionId, type Frame, FrameReader } from "../../shared/keyless_protocol/frame.ts";
import type { KeylessRequest } from "../../shared/keyless_protocol/operations.ts";
import { encodeRequest } from "../../shared/keyless_protocol/requests.ts";
import type { Deadline, DeadlineWheel } from "../../shared/deadline_wheel.ts";
import { ChannelError, KeyOperationError } from "./errors.ts";
import { connectionError, type Transport } from "./transport.ts";

/** What a request may be answered with, besides an error. */
export type ChannelAnswer = Exclude<KeylessAnswer, ErrorAnswer>;

export interface ChannelOptions {
  /** The key server's name, for errors. */
  readonly keyServer: string;
  readonly wheel: DeadlineWheel;
  /** Requests in flight at most. */
  readonly maximumInFlight: number;
  /** Bytes that the key server has not taken yet, at most. */
  readonly maximumUnsentBytes: number;
  /** The first request's id; ids go on from 2^32 - 1 to 1. Default 1. */
  readonly firstId?: number;
}

interface Pending {
  readonly expects: ChannelAnswer["type"];
  readonly resolve: (answer: ChannelAnswer) => void;
  readonly reject: (error: KeyOperationError) => void;
  readonly deadline: Deadline;
}

/** How long, in milliseconds, a key server may take to accept that the edge closes. */
const closePatience = 1000;

const answerTypes = {
  "ping": "pong",
  "sign-tls13": "signature",
  "sign-tls12": "signature",
  "rsa-key-exchange": "sealed-master-secret",
} as const satisfies Record<KeylessRequest["operation"], ChannelAnswer["type"]>;

/**
 * One connection to a key server: many requests in flight, answers in any order.
 *
 * It never reconnects; whoever owns it opens another one. When it ends, each request in flight fails with
 * `connection-lost`, and `ended` says why.
 */
export class Channel {
  /** When a certificate of either side ends, in milliseconds since the epoch: the owner ends the channel then. */
  readonly endsAt: number;
  /** Resolves once, with the reason, after every request in flight has failed. Never rejects. */
  readonly ended: Promise<ChannelError>;
  readonly #socket: Socket;
  readonly #options: ChannelOptions;
  readonly #reader = new FrameReader();
  readonly #pending = new Map<number, Pending>();
  readonly #settleEnded: (error: ChannelError) => void;
  #state: "open" | "draining" | "closing" | "ended" = "open";
  #nextId: number;
  #idsWrapped = false;
  #abandoned = 0;
  #unsent: Uint8Array[] = [];
  #unsentLength = 0;
  #answers = 0;
  #closing: Deadline | undefined;

  constructor({ socket, endsAt }: Transport, options: ChannelOptions) {
    const { promise, resolve } = Promise.withResolvers<ChannelError>();
    this.endsAt = endsAt;
    this.ended = promise;
    this.#settleEnded = resolve;
    this.#socket = socket;
    this.#options = options;
    this.#nextId = options.firstId ?? 1;
    socket.on("data", (chunk: Uint8Array) => this.#receive(plainBytes(chunk)));
    socket.on("error", (error: Error) => this.destroy(connectionError("closed-by-key-server", error)));
    socket.on("end", () => this.destroy(this.#closedByPeer()));
    socket.on("close", () => this.destroy(this.#closedByPeer()));
  }

  /** Whether requests may be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  /** How many answers have come so far, late ones included: a sign of life. */
  get answers(): number {
    return this.#answers;
  }

  /** Whether another request would be refused with `edge-overloaded`. */
  get isFull(): boolean {
    return this.#pending.size >= this.#options.maximumInFlight ||
      this.#unsentLength + this.#socket.writableLength >= this.#options.maximumUnsentBytes;
  }

  /**
   * Sends a request and waits at most `milliseconds` for its answer. Rejects with {@link KeyOperationError}: an
   * error answer's own code, `deadline-passed`, `connection-lost`, `edge-overloaded`, or `bad-request` for
   * one that cannot be encoded.
   */
  request(request: KeylessRequest, milliseconds: number): Promise<ChannelAnswer> {
    if (this.#state !== "open") {
      return Promise.reject(this.#failure("connection-lost", "the channel has ended"));
    }
    if (this.isFull) return Promise.reject(this.#failure("edge-overloaded", "too much is under way already"));
    const id = this.#takeId();
    try {
      this.#send(encodeRequest(id, request));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return Promise.reject(this.#failure("bad-request", error.message, error));
    }
    const { promise, resolve, reject } = Promise.withResolvers<ChannelAnswer>();
    const deadline = this.#options.wheel.set(milliseconds, () => {
      this.#pending.delete(id);
      this.#abandoned++;
      reject(this.#failure("deadline-passed", `no answer within ${Math.round(milliseconds)} ms`));
      this.#endWhenDrained();
    });
    this.#pending.set(id, { expects: answerTypes[request.operation], resolve, reject, deadline });
    return promise;
  }

  /** Takes no further request, and ends once those in flight are answered or late. */
  drain(): void {
    if (this.#state === "open") this.#state = "draining";
    this.#endWhenDrained();
  }

  /** Ends the channel now. Later calls change nothing. */
  destroy(reason: ChannelError): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#unsent = [];
    this.#unsentLength = 0;
    this.#socket.destroy();
    if (this.#closing !== undefined) this.#options.wheel.clear(this.#closing);
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { deadline, reject } of lost) {
      this.#options.wheel.clear(deadline);
      reject(this.#failure("connection-lost", reason.reason, reason));
    }
    this.#settleEnded(reason);
  }

  /** Frames of one turn of the event loop leave in one write: one TLS record, one system call. */
  #send(frame: Uint8Array): void {
    if (this.#unsent.push(frame) === 1) setImmediate(() => this.#flush());
    this.#unsentLength += frame.length;
  }

  #flush(): void {
    if (this.#state === "ended") return;
    const [first, ...others] = this.#unsent;
    if (first === undefined) return;
    this.#socket.write(others.length === 0 ? first : concatenate(this.#unsent));
    this.#unsent = [];
    this.#unsentLength = 0;
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state === "ended") return;
    try {
      this.#reader.push(chunk);
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        this.#accept(frame);
        if (this.#isEnded()) return;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.destroy(new ChannelError("protocol-violation", error.message, { cause: error }));
    }
  }

  #accept(frame: Frame): void {
    const answer = decodeAnswer(frame);
    if (frame.id === connectionId) return this.destroy(aboutConnection(answer));
    this.#answers++;
    const pending = this.#pending.get(frame.id);
    if (pending === undefined) return this.#acceptLate(frame.id);
    if (answer.type !== "error" && answer.type !== pending.expects) {
      throw new ProtocolError(`Cannot use an answer: a ${answer.type} where a ${pending.expects} was due`);
    }
    this.#pending.delete(frame.id);
    this.#options.wheel.clear(pending.deadline);
    if (answer.type === "error") pending.reject(this.#failure(answer.code, answer.reason));
    else pending.resolve(answer);
    this.#endWhenDrained();
  }

  /** An answer to a request whose deadline has passed here; there cannot be more of them than such requests. */
  #acceptLate(id: number): void {
    if (this.#abandoned === 0 || (id >= this.#nextId && !this.#idsWrapped)) {
      throw new ProtocolError(`Cannot use an answer: no request with the id ${id} is in flight`);
    }
    this.#abandoned--;
  }

  #takeId(): number {
    do {
      if (this.#nextId > 0xffff_ffff) {
        this.#nextId = 1;
        this.#idsWrapped = true;
      }
    } while (this.#pending.has(this.#nextId++));
    return this.#nextId - 1;
  }

  #endWhenDrained(): void {
    if (this.#state !== "draining" || this.#pending.size > 0) return;
    this.#state = "closing";
    const closed = () => this.destroy(new ChannelError("closed", "the edge closed it"));
    // A close_notify, so that the key server does not take it for a broken connection; but it may not be reading.
    this.#closing = this.#options.wheel.set(closePatience, closed);
    this.#socket.end(closed);
  }

  /** Asked through a method, because the state changes where the compiler does not see it. */
  #isEnded(): boolean {
    return this.#state === "ended";
  }

  #closedByPeer(): ChannelError {
    const where = this.#reader.atFrameBoundary ? "" : " in the middle of an answer";
    return new ChannelError("closed-by-key-server", `it closed the connection${where}`);
  }

  #failure(code: KeyOperationError["code"], reason: string, cause?: Error): KeyOperationError {
    const { keyServer } = this.#options;
    return new KeyOperationError(code, `${keyServer}: ${reason}`, { keyServer, ...(cause && { cause }) });
  }
}

/** An answer without a request: the key server says what it has against the connection, and closes it. */
function aboutConnection(answer: KeylessAnswer): ChannelError {
  return answer.type === "error"
    ? new ChannelError("edge-refused", `${answer.code}: ${answer.reason}`)
    : new ChannelError("protocol-violation", `it sent a ${answer.type} that belongs to no request`);
}
