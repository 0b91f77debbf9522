import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { LocalSessionCache } from "../tls/sessions/local_session_cache.ts";
import type { SessionPolicy } from "../tls/sessions/session_cache.ts";

/** How many TLS 1.2 sessions a worker keeps for clients without tickets, and for how long. */
export interface SessionSettings {
  /** At least 1. */
  readonly capacity: number;
  /** Milliseconds. */
  readonly lifetime: number;
}

/** Milliseconds after the end of its life at which a session's secret is zeroed at the latest. */
const expiryInterval = 60_000;

/** A worker's session cache, and its care. */
export class SessionKeeper implements Disposable {
  /** For every connection's engine. */
  readonly policy: SessionPolicy;
  readonly #cache: LocalSessionCache;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pool: LockedPool, { capacity, lifetime }: SessionSettings) {
    this.#cache = new LocalSessionCache({ pool, capacity });
    this.policy = { cache: this.#cache, lifetime };
    this.#timer = setInterval(() => this.#cache.expire(), expiryInterval);
  }

  /** Zeroes every session. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#cache[Symbol.dispose]();
  }
}
