import type { Socket } from "node:net";
import { plainBytes } from "../../shared/codec/plain_bytes.ts";
import type { EdgeMessage } from "../../shared/control_protocol/edge_messages.ts";
import { ControlProtocolError } from "../../shared/control_protocol/errors.ts";
import { controlAlpn, controlPreface, encodeFrame } from "../../shared/control_protocol/frame.ts";
import { MessageReader } from "../../shared/control_protocol/message_reader.ts";
import {
  pingInterval,
  type ServerMessage,
  serverMessageSchema,
} from "../../shared/control_protocol/server_messages.ts";
import { Backoff, type BackoffOptions } from "../keyless/backoff.ts";
import { endpointLabel, type KeyServerEndpoint } from "../keyless/endpoint.ts";
import { ChannelError } from "../keyless/errors.ts";
import type { IdentityFiles } from "../keyless/identity.ts";
import { defaultLinkTiming } from "../keyless/link_timing.ts";
import { connectionError, openTransport, type Transport } from "../keyless/transport.ts";

/** Milliseconds. */
export interface ControlLinkTiming {
  /** TCP, TLS and the first update together. */
  readonly connectTimeout: number;
  readonly reconnect: BackoffOptions;
  /** A connection that lived longer than this ended for a new reason: the delays start over. */
  readonly settled: number;
  /** Without a word of the key server. */
  readonly silence: number;
  /** Between two reports of one and the same outage. */
  readonly reportPause: number;
}

export const defaultControlLinkTiming: ControlLinkTiming = {
  connectTimeout: 10_000,
  reconnect: defaultLinkTiming.reconnect,
  settled: defaultLinkTiming.settled,
  silence: 3 * pingInterval,
  reportPause: defaultLinkTiming.reportPause,
};

export interface ControlLinkOptions {
  readonly endpoint: KeyServerEndpoint;
  readonly identity: IdentityFiles;
  readonly timing?: ControlLinkTiming;
  /** What is said first on each connection; the first message is the hello. */
  readonly greeting: () => readonly EdgeMessage[];
  /** Takes everything but pings. What it throws ends the connection. */
  readonly receive: (message: Exclude<ServerMessage, { type: "ping" }>) => void;
  /** The connection is there (the key server has answered), or is gone; the same outage again is told now and then only. */
  readonly report: (event: { readonly connected: boolean; readonly reason?: string }) => void;
  /** The connection has ended: no more of what had begun will come. */
  readonly lost: () => void;
}

/** Keeps a control connection to one key server: opens it, greets, answers pings, opens it again. */
export class ControlLink {
  readonly name: string;
  readonly #options: ControlLinkOptions;
  readonly #timing: ControlLinkTiming;
  readonly #reconnect: Backoff;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #socket: Socket | undefined;
  #isAccepted = false;
  #lastError: ChannelError | undefined;
  #reportedAt = -Infinity;

  constructor(options: ControlLinkOptions) {
    this.#options = options;
    this.name = endpointLabel(options.endpoint);
    this.#timing = options.timing ?? defaultControlLinkTiming;
    this.#reconnect = new Backoff(this.#timing.reconnect);
    this.#running = this.#run();
  }

  /** Whether the key server has answered on the present connection. */
  get isConnected(): boolean {
    return this.#isAccepted;
  }

  /** Why the last connection ended or could not be opened, while none is open. */
  get lastError(): string | undefined {
    return this.#isAccepted ? undefined : this.#lastError?.reason;
  }

  /** Says something, if there is somebody to hear it: after a greeting, which may have said it already. */
  say(message: EdgeMessage): void {
    this.#socket?.write(encodeFrame(message));
  }

  /** Begins anew: says hello again, with the identity's files as they are by then. */
  restart(reason: string): void {
    this.#socket?.destroy(new ChannelError("closed", reason));
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#socket?.destroy();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const began = performance.now();
      const reason = await this.#connectOnce();
      this.#socket = undefined;
      const wasAccepted = this.#isAccepted;
      this.#isAccepted = false;
      if (this.#abort.signal.aborted) return;
      this.#reportLost(reason, wasAccepted);
      if (wasAccepted && performance.now() - began > this.#timing.settled) this.#reconnect.reset();
      await this.#pause(this.#reconnect.next());
    }
  }

  /** One connection, from its opening to its end; returns why it ended. */
  async #connectOnce(): Promise<ChannelError> {
    const { endpoint, identity } = this.#options;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), this.#timing.connectTimeout);
    const signal = AbortSignal.any([this.#abort.signal, timeout.signal]);
    const protocol = { alpn: controlAlpn, preface: controlPreface };
    try {
      const transport = await openTransport(endpoint, identity, signal, protocol)
        .finally(() => clearTimeout(timer));
      return await this.#serve(transport);
    } catch (error) {
      if (error instanceof ChannelError) return error;
      const reason = error instanceof Error ? error.message : "unknown failure";
      return new ChannelError("connect-failed", reason, { cause: error });
    }
  }

  async #serve({ socket, endsAt }: Transport): Promise<ChannelError> {
    const { promise, resolve } = Promise.withResolvers<ChannelError>();
    const end = (reason: ChannelError) => {
      resolve(reason);
      socket.destroy();
    };
    const reader = new MessageReader(serverMessageSchema);
    socket.on("error", (error: Error) => {
      end(error instanceof ChannelError ? error : connectionError("closed-by-key-server", error));
    });
    socket.on("close", () => end(new ChannelError("closed-by-key-server", "it closed the connection")));
    let silence = this.#expectWord(this.#timing.connectTimeout, end);
    socket.on("data", (chunk: Uint8Array) => {
      clearTimeout(silence);
      silence = this.#expectWord(this.#timing.silence, end);
      this.#receive(reader, plainBytes(chunk), end);
    });
    const expiry = this.#endAt(endsAt, end);
    this.#socket = socket;
    for (const message of this.#options.greeting()) this.say(message);
    const reason = await promise;
    clearTimeout(silence);
    clearInterval(expiry);
    this.#options.lost();
    return reason;
  }

  #receive(
    reader: MessageReader<typeof serverMessageSchema>,
    chunk: Uint8Array,
    end: (reason: ChannelError) => void,
  ): void {
    try {
      for (const message of reader.push(chunk)) {
        if (this.#socket?.destroyed === true) return;
        if (message.type === "ping") {
          this.say({ type: "pong" });
          continue;
        }
        if (message.type === "refused") return end(new ChannelError("edge-refused", message.reason));
        this.#accepted();
        this.#options.receive(message);
      }
    } catch (error) {
      if (!(error instanceof ControlProtocolError)) throw error;
      end(new ChannelError("protocol-violation", error.message, { cause: error }));
    }
  }

  #accepted(): void {
    if (this.#isAccepted) return;
    this.#isAccepted = true;
    this.#lastError = undefined;
    this.#options.report({ connected: true });
  }

  #expectWord(milliseconds: number, end: (reason: ChannelError) => void) {
    const late = new ChannelError("silent", "it says nothing any more");
    return setTimeout(() => end(late), milliseconds);
  }

  /** A connection ends no later than the certificates that opened it; longer than timers can, it may live. */
  #endAt(endsAt: number, end: (reason: ChannelError) => void) {
    const expired = new ChannelError("certificate-expired", "a certificate of the connection has expired");
    return setInterval(() => Date.now() >= endsAt && end(expired), 1000);
  }

  #reportLost(error: ChannelError, wasAccepted: boolean): void {
    const isNews = wasAccepted || this.#lastError?.code !== error.code;
    this.#lastError = error;
    const now = performance.now();
    if (!isNews && now - this.#reportedAt < this.#timing.reportPause) return;
    this.#reportedAt = now;
    this.#options.report({ connected: false, reason: error.reason });
  }

  async #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    const giveUp = () => resolve();
    this.#abort.signal.addEventListener("abort", giveUp);
    await promise;
    this.#abort.signal.removeEventListener("abort", giveUp);
    clearTimeout(timer);
  }
}
