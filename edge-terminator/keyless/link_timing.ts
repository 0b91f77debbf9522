import type { BackoffOptions } from "./backoff.ts";

/** How patient the edge is with a key server. All in milliseconds unless said otherwise. */
export interface LinkTiming {
  /** TCP, TLS and the first pong together. */
  readonly connectTimeout: number;
  /** Between two attempts to connect. */
  readonly reconnect: BackoffOptions;
  /** A channel that lived longer than this ended for a new reason: the delays start over. */
  readonly settled: number;
  /** Between two looks at an open channel: ping, silence, certificate's end. */
  readonly tick: number;
  /** Looks in a row without an answer that mean silence. */
  readonly silentTicks: number;
  /** When a ping is given up, so that the next may be sent. */
  readonly pingTimeout: number;
  /** How long before its certificate's end a channel is replaced. */
  readonly successorLead: number;
  /** Between two attempts at that. */
  readonly successorPause: number;
  /** Between two reports of one and the same outage. */
  readonly reportPause: number;
  /** For failures of operations on a channel that is open. `threshold` in failures. */
  readonly breaker: { readonly threshold: number; readonly backoff: BackoffOptions };
}

/**
 * A key server that returns is found within connectTimeout + reconnect.maximum of a lost attempt in the worst case, and
 * within reconnect.maximum when its host refuses or accepts at once: well under the 2 s that an outage may
 * outlast its cause. One that falls silent is given up after 1 to 1.5 s, half of a key operation's deadline.
 */
export const defaultLinkTiming: LinkTiming = {
  connectTimeout: 1500,
  reconnect: { initial: 25, maximum: 400 },
  settled: 1000,
  tick: 500,
  silentTicks: 2,
  pingTimeout: 5000,
  successorLead: 60_000,
  successorPause: 5000,
  reportPause: 30_000,
  breaker: { threshold: 3, backoff: { initial: 200, maximum: 5000 } },
};
