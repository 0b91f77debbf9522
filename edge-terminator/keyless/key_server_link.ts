import type { KeylessKeyRequest } from "../../shared/keyless_protocol/operations.ts";
import { Backoff } from "./backoff.ts";
import { Channel, type ChannelAnswer } from "./channel.ts";
import { CircuitBreaker } from "./circuit_breaker.ts";
import type { DeadlineWheel } from "../../shared/deadline_wheel.ts";
import { endpointLabel, type KeyServerEndpoint } from "./endpoint.ts";
import { ChannelError, KeyOperationError, type KeyOperationErrorCode } from "./errors.ts";
import type { KeylessEvents } from "./events.ts";
import type { IdentityFiles } from "./identity.ts";
import { type KeyServerHealth, SilenceDetector } from "./key_server_health.ts";
import type { LinkTiming } from "./link_timing.ts";
import { openTransport } from "./transport.ts";

export interface KeyServerLinkOptions {
  readonly endpoint: KeyServerEndpoint;
  readonly identity: IdentityFiles;
  readonly wheel: DeadlineWheel;
  readonly timing: LinkTiming;
  readonly maximumInFlight: number;
  readonly maximumUnsentBytes: number;
  readonly events: KeylessEvents;
  /** Called when a channel was accepted, so that operations which wait for one go on. */
  readonly onConnected: () => void;
}

/** Answers that say the key server itself is in trouble; any other one shows that it works. */
const troubles: ReadonlySet<KeyOperationErrorCode> = new Set<KeyOperationErrorCode>(
  ["connection-lost", "deadline-passed", "overloaded", "token-failure"],
);

/**
 * Keeps one key server reachable: opens a channel, finds out whether it lives, replaces it when it is lost and
 * before its certificate ends, and remembers how operations went.
 */
export class KeyServerLink {
  readonly name: string;
  readonly #options: KeyServerLinkOptions;
  readonly #breaker: CircuitBreaker;
  readonly #reconnect: Backoff;
  readonly #abort = new AbortController();
  readonly #channels = new Set<Channel>();
  #silence: SilenceDetector;
  #channel: Channel | undefined;
  #openedAt = 0;
  #opening: Promise<void> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #nextSuccessorAt = 0;
  #pingIsDue = false;
  #roundTrip: number | undefined;
  #lastError: ChannelError | undefined;
  #failures = 0;
  #reportedAt = 0;

  constructor(options: KeyServerLinkOptions) {
    const { timing, endpoint } = options;
    this.name = endpointLabel(endpoint);
    this.#options = options;
    this.#silence = new SilenceDetector(timing.silentTicks);
    this.#reconnect = new Backoff(timing.reconnect);
    this.#breaker = new CircuitBreaker({ ...timing.breaker, now: () => performance.now() });
  }

  /** Begins to connect, and goes on until `close`. */
  start(): void {
    this.#ticker = setInterval(() => this.#tick(), this.#options.timing.tick);
    this.#open();
  }

  get isConnected(): boolean {
    return this.#channel !== undefined;
  }

  /** Whether the breaker lets an operation through and there is room for it. */
  get isPreferred(): boolean {
    return this.#breaker.admits && this.#channel?.isFull === false;
  }

  get inFlight(): number {
    return [...this.#channels].reduce((sum, channel) => sum + channel.inFlight, 0);
  }

  health(): KeyServerHealth {
    return {
      name: this.name,
      connected: this.isConnected,
      breaker: this.#breaker.state,
      inFlight: this.inFlight,
      roundTrip: this.#roundTrip,
      endsAt: this.#channel?.endsAt,
      lastError: this.isConnected ? undefined : this.#lastError?.reason,
    };
  }

  /** Asks the key server; waits at most `milliseconds`. Rejects with {@link KeyOperationError}. */
  async ask(request: KeylessKeyRequest, milliseconds: number): Promise<ChannelAnswer> {
    const channel = this.#channel;
    if (channel === undefined) {
      throw new KeyOperationError("connection-lost", `${this.name}: not connected`, { keyServer: this.name });
    }
    const began = performance.now();
    const report = (result: "ok" | KeyOperationErrorCode) => {
      const seconds = (performance.now() - began) / 1000;
      const { operation } = request;
      this.#options.events.attempt?.({ keyServer: this.name, operation, result, seconds });
    };
    this.#breaker.began();
    try {
      const answer = await channel.request(request, milliseconds);
      this.#breaker.succeeded();
      report("ok");
      return answer;
    } catch (error) {
      if (!(error instanceof KeyOperationError)) throw error;
      this.#judge(error.code);
      report(error.code);
      throw error;
    }
  }

  /** Lets what is in flight end, then closes. Resolves when nothing is left, at the latest after their deadlines. */
  async close(): Promise<void> {
    this.#abort.abort();
    clearInterval(this.#ticker);
    clearTimeout(this.#retryTimer);
    this.#channel = undefined;
    for (const channel of this.#channels) channel.drain();
    await Promise.all([this.#opening, ...[...this.#channels].map((channel) => channel.ended)]);
  }

  #judge(code: KeyOperationErrorCode): void {
    // A bound of our own, or a request that cannot be answered anywhere, says nothing about the key server.
    if (code === "edge-overloaded" || code === "bad-request") this.#breaker.undecided();
    else if (troubles.has(code)) this.#breaker.failed();
    else this.#breaker.succeeded();
  }

  #open(): void {
    this.#opening ??= this.#openChannel().finally(() => this.#opening = undefined);
  }

  async #openChannel(): Promise<void> {
    try {
      const channel = await this.#openAccepted();
      // A successor that ends no later gains nothing: the identity was not renewed yet.
      if (this.#channel !== undefined && channel.endsAt <= this.#channel.endsAt) channel.drain();
      else this.#adopt(channel);
    } catch (error) {
      // Whatever it is, the attempts go on.
      const { message } = error as Error;
      const reason = error instanceof ChannelError
        ? error
        : new ChannelError("connect-failed", message, { cause: error });
      this.#reportClosed(reason, false);
      if (this.#channel === undefined) this.#scheduleOpen();
    }
  }

  /** TLS 1.3 shows a connection as open before the key server has judged our certificate: its pong is the proof. */
  async #openAccepted(): Promise<Channel> {
    const { endpoint, identity, timing, wheel } = this.#options;
    const until = performance.now() + timing.connectTimeout;
    const timeout = new AbortController();
    const deadline = wheel.set(timing.connectTimeout, () => timeout.abort());
    const signal = AbortSignal.any([this.#abort.signal, timeout.signal]);
    const transport = await openTransport(endpoint, identity, signal).finally(() => wheel.clear(deadline));
    const channel = new Channel(transport, { ...this.#options, keyServer: this.name });
    this.#track(channel);
    try {
      const sent = performance.now();
      await channel.request({ operation: "ping" }, Math.max(until - sent, 1));
      this.#roundTrip = performance.now() - sent;
      if (this.#abort.signal.aborted) throw new ChannelError("closed", "the edge closed it");
      return channel;
    } catch (error) {
      const reason = error instanceof KeyOperationError ? acceptanceError(error) : error as ChannelError;
      channel.destroy(reason);
      throw reason;
    }
  }

  /** Every channel that has a socket is known here until it ends, so that `close` misses none. */
  #track(channel: Channel): void {
    this.#channels.add(channel);
    channel.ended.then((reason) => {
      this.#channels.delete(channel);
      if (channel !== this.#channel) return;
      this.#channel = undefined;
      this.#reportClosed(reason, true);
      // One that ended at once is part of the same trouble: the delays go on growing.
      if (performance.now() - this.#openedAt > this.#options.timing.settled) this.#reconnect.reset();
      this.#scheduleOpen();
    });
  }

  #adopt(channel: Channel): void {
    const former = this.#channel;
    this.#channel = channel;
    this.#openedAt = performance.now();
    this.#silence = new SilenceDetector(this.#options.timing.silentTicks);
    this.#pingIsDue = false;
    this.#lastError = undefined;
    this.#options.events.channelOpened?.({ keyServer: this.name, endsAt: channel.endsAt });
    former?.drain();
    this.#options.onConnected();
  }

  #scheduleOpen(): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#open(), this.#reconnect.next());
  }

  #tick(): void {
    const now = Date.now();
    for (const channel of this.#channels) {
      if (now < channel.endsAt) continue;
      channel.destroy(new ChannelError("certificate-expired", "a certificate of the channel has expired"));
    }
    const channel = this.#channel;
    if (channel === undefined) return;
    if (this.#silence.look(channel.answers, channel.inFlight > 0)) {
      return channel.destroy(new ChannelError("silent", "it answers nothing any more"));
    }
    if (!this.#pingIsDue) this.#ping(channel);
    this.#replaceBeforeEnd(channel, now);
  }

  async #ping(channel: Channel): Promise<void> {
    const sent = performance.now();
    this.#pingIsDue = true;
    try {
      await channel.request({ operation: "ping" }, this.#options.timing.pingTimeout);
      this.#roundTrip = performance.now() - sent;
    } catch (error) {
      // Silence is judged by the detector, a lost channel by `ended`.
      if (!(error instanceof KeyOperationError)) throw error;
    } finally {
      if (channel === this.#channel) this.#pingIsDue = false;
    }
  }

  /** Near the end of a certificate a new channel, with files read anew, takes over before the old one ends. */
  #replaceBeforeEnd(channel: Channel, now: number): void {
    const { successorLead, successorPause } = this.#options.timing;
    if (channel.endsAt - now > successorLead || now < this.#nextSuccessorAt) return;
    this.#nextSuccessorAt = now + successorPause;
    this.#open();
  }

  /** An outage is told when it begins, when its reason changes, and from time to time: not at each attempt. */
  #reportClosed(error: ChannelError, wasOpen: boolean): void {
    const isNews = wasOpen || this.#lastError?.code !== error.code;
    this.#lastError = error;
    if (this.#abort.signal.aborted) return;
    this.#failures = isNews ? 1 : this.#failures + 1;
    const now = performance.now();
    if (!isNews && now - this.#reportedAt < this.#options.timing.reportPause) return;
    this.#reportedAt = now;
    const { code, reason } = error;
    const report = { keyServer: this.name, code, reason, wasOpen, failures: this.#failures };
    this.#options.events.channelClosed?.(report);
  }
}

/** Why the first ping got no pong. */
function acceptanceError(error: KeyOperationError): ChannelError {
  const { cause } = error;
  if (cause instanceof ChannelError && cause.code === "closed-by-key-server") {
    // Deno's TLS server closes without an alert when it does not trust a client's certificate.
    const reason = `${cause.reason} before its first answer: it may not accept this edge's certificate`;
    return new ChannelError("edge-refused", reason, { cause });
  }
  if (cause instanceof ChannelError) return cause;
  return error.code === "deadline-passed"
    ? new ChannelError("connect-timeout", "it did not answer the first ping in time", { cause: error })
    : new ChannelError("edge-refused", error.message, { cause: error });
}
