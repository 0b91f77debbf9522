import type { Socket } from "node:net";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";
import {
  type AckMessage,
  type EdgeMessage,
  edgeMessageSchema,
  type HelloMessage,
} from "../../shared/control_protocol/edge_messages.ts";
import { ControlProtocolError } from "../../shared/control_protocol/errors.ts";
import { encodeFrame } from "../../shared/control_protocol/frame.ts";
import { MessageReader } from "../../shared/control_protocol/message_reader.ts";
import { pingInterval, type ServerMessage } from "../../shared/control_protocol/server_messages.ts";
import type { Logger } from "../../shared/log.ts";
import type { EdgeSession } from "../connections.ts";
import type { EdgeIdentity } from "../edge_identity.ts";
import { PrefaceReader } from "../preface_reader.ts";
import type { TicketMessage } from "./ticket_messages.ts";

/** Who is told what an edge says, and decides what it is sent. */
export interface ControlSessionOwner {
  /** The edge has said who it is. Answered by {@link ControlSession.revoke} or updates. */
  greeted(session: ControlSession, hello: HelloMessage): void;
  acknowledged(session: ControlSession, ack: AckMessage): void;
  /** A new certificate for the edge, in DER, leaf first. Rejects with a HoldfastError whose words the edge may see. */
  renew(session: ControlSession, request: Uint8Array): Promise<readonly Uint8Array[]>;
  ticketMessage(session: ControlSession, message: TicketMessage): void;
  protocolError(): void;
  closed(session: ControlSession): void;
}

export interface ControlSessionTiming {
  /** Milliseconds that an edge has to say hello. */
  readonly hello: number;
  /** Milliseconds between pings. */
  readonly ping: number;
  /** Milliseconds after which an edge that does not read is closed. */
  readonly write: number;
}

export const defaultSessionTiming: ControlSessionTiming = {
  hello: 10_000,
  ping: pingInterval,
  write: 30_000,
};

export interface ControlSessionOptions {
  readonly socket: Socket;
  readonly edge: EdgeIdentity;
  readonly owner: ControlSessionOwner;
  readonly log: Logger;
  /** What must come before the first frame (unix sockets); undefined over TLS. */
  readonly preface?: Uint8Array | undefined;
  readonly timing?: ControlSessionTiming;
}

/** Milliseconds that a peer has to read our last words. */
const closingGrace = 500;

/** One edge's control connection: messages in and out. What to send is its owner's to decide. */
export class ControlSession implements EdgeSession {
  readonly edge: EdgeIdentity;
  readonly #options: ControlSessionOptions;
  readonly #reader = new MessageReader(edgeMessageSchema);
  readonly #preface: PrefaceReader | undefined;
  readonly #timing: ControlSessionTiming;
  readonly #helloTimer: ReturnType<typeof setTimeout>;
  #hello: HelloMessage | undefined;
  #pings: ReturnType<typeof setInterval> | undefined;
  #awaitsPong = false;
  #renews = false;
  #reading = true;
  #closing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ControlSessionOptions) {
    const { socket, edge, preface, timing = defaultSessionTiming } = options;
    this.#options = options;
    this.edge = edge;
    this.#timing = timing;
    this.#preface = preface && new PrefaceReader(preface);
    this.#helloTimer = setTimeout(() => this.refuse("it did not say hello in time"), timing.hello);
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("end", () => this.end());
    socket.on("close", () => this.#forget());
  }

  /** What the edge said of itself; undefined until it has. */
  get hello(): HelloMessage | undefined {
    return this.#hello;
  }

  get isOpen(): boolean {
    return this.#reading;
  }

  /** Writes one message; resolves when the edge has taken what was written, or never will. Never rejects. */
  async send(message: ServerMessage): Promise<void> {
    const { socket, log } = this.#options;
    if (!this.#reading || socket.destroyed) return;
    if (socket.write(encodeFrame(message))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stalled = setTimeout(() => {
      log.warn(
        { event: "slow-reader", edge: this.edge.name },
        "closing a control connection that does not read",
      );
      socket.destroy();
    }, this.#timing.write);
    socket.once("drain", resolve).once("close", resolve);
    await promise;
    socket.off("drain", resolve).off("close", resolve);
    clearTimeout(stalled);
  }

  end(): void {
    if (!this.#reading) return;
    this.#reading = false;
    const { socket } = this.#options;
    socket.end();
    this.#closing = setTimeout(() => socket.destroy(), closingGrace);
  }

  /** Tells the edge that it is thrown out. */
  cut(reason: string): void {
    void this.send({ type: "revoked", reason: reason.slice(0, 1000) });
    this.end();
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#reading) return;
    try {
      const chunk = this.#preface?.take(bytes) ?? bytes;
      for (const message of this.#reader.push(chunk)) {
        this.#handle(message);
        if (!this.#reading) return;
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : "it sent what cannot be read";
      this.refuse(reason);
    }
  }

  #handle(message: EdgeMessage): void {
    if ((this.#hello === undefined) !== (message.type === "hello")) {
      throw new ControlProtocolError(`Cannot use a message: a ${message.type} has no place here`);
    }
    switch (message.type) {
      case "hello":
        clearTimeout(this.#helloTimer);
        this.#hello = message;
        this.#pings = setInterval(() => this.#ping(), this.#timing.ping);
        return this.#options.owner.greeted(this, message);
      case "ack":
        return this.#options.owner.acknowledged(this, message);
      case "renew":
        void this.#renew(Uint8Array.fromBase64(message.request));
        return;
      case "pong":
        this.#awaitsPong = false;
        return;
      case "ticket-join":
      case "ticket-send":
      case "ticket-report":
        return this.#options.owner.ticketMessage(this, message);
      default:
        message satisfies never;
    }
  }

  async #renew(request: Uint8Array): Promise<void> {
    if (this.#renews) return this.refuse("it asked for a renewal while one was under way");
    this.#renews = true;
    try {
      const chain = await this.#options.owner.renew(this, request);
      await this.send({ type: "identity", chain: chain.map((der) => der.toBase64()) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : "it cannot be renewed";
      await this.send({ type: "renewal-refused", reason: reason.slice(0, 1000) });
    } finally {
      this.#renews = false;
    }
  }

  #ping(): void {
    const { socket, log } = this.#options;
    if (this.#awaitsPong) {
      log.warn({ event: "control-edge-silent", edge: this.edge.name }, "the edge answers no ping");
      socket.destroy();
      return;
    }
    this.#awaitsPong = true;
    void this.send({ type: "ping" });
  }

  /** One last word, then the end of this connection and of nothing else. */
  refuse(reason: string): void {
    if (!this.#reading) return;
    const { log, owner } = this.#options;
    log.warn({ event: "protocol-error", edge: this.edge.name, reason }, "closing a control connection");
    owner.protocolError();
    void this.send({ type: "refused", reason: reason.slice(0, 1000) });
    this.end();
  }

  #forget(): void {
    this.#reading = false;
    clearTimeout(this.#helloTimer);
    clearInterval(this.#pings);
    clearTimeout(this.#closing);
    this.#options.owner.closed(this);
  }
}
