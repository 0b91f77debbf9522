import type { BreakerState } from "./circuit_breaker.ts";

/** How one key server is doing, for `/readyz`, metrics and logs. */
export interface KeyServerHealth {
  readonly name: string;
  /** Whether a channel is open that the key server has accepted. */
  readonly connected: boolean;
  /** Kept closed by answers, opened by failures of operations; see {@link isUsable}. */
  readonly breaker: BreakerState;
  readonly inFlight: number;
  /** The last ping's round trip, in milliseconds; undefined before the first. */
  readonly roundTrip: number | undefined;
  /** When the open channel's first certificate ends, in milliseconds since the epoch. */
  readonly endsAt: number | undefined;
  /** Why the last channel ended or could not be opened, while none is open. */
  readonly lastError: string | undefined;
}

/** Whether the key server can be expected to answer: the edge is ready while one of them is. */
export function isUsable(health: KeyServerHealth): boolean {
  return health.connected && health.breaker === "closed";
}

/**
 * Tells from a look at regular intervals whether a channel is still alive.
 *
 * Counting looks instead of reading a clock keeps a stall of our own event loop from looking like silence of the
 * key server: however late a look is, it counts once.
 */
export class SilenceDetector {
  readonly #limit: number;
  #seen = 0;
  #silentLooks = 0;

  /** `limit`: looks in a row without an answer, while one is due, that mean silence. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** `answers`: how many have come so far; `isWaiting`: whether one is due. True when the channel is silent. */
  look(answers: number, isWaiting: boolean): boolean {
    this.#silentLooks = isWaiting && answers === this.#seen ? this.#silentLooks + 1 : 0;
    this.#seen = answers;
    return this.#silentLooks >= this.#limit;
  }
}
