import type { Logger } from "../../shared/log.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Metrics } from "../../shared/metrics.ts";
import { countLookups } from "../sessions/session_metrics.ts";
import { SharedSessions } from "../sessions/shared_sessions.ts";
import { LocalSessionCache } from "../tls/sessions/local_session_cache.ts";
import type { SessionPolicy } from "../tls/sessions/session_cache.ts";
import type { SiblingChannel } from "./sibling_channel.ts";

/** How many TLS 1.2 sessions a worker keeps for clients without tickets, and for how long. */
export interface SessionSettings {
  /** At least 1. */
  readonly capacity: number;
  /** Milliseconds. */
  readonly lifetime: number;
  /** Whether other edges are asked, and answered. */
  readonly asksPeers: boolean;
}

export interface SessionKeeperContext {
  readonly pool: LockedPool;
  readonly siblings: SiblingChannel;
  readonly metrics: Metrics;
  readonly log: Pick<Logger, "warn">;
}

/** Milliseconds after the end of its life at which a session's secret is zeroed at the latest. */
const expiryInterval = 60_000;

/** A worker's session cache, what it shares of it with its siblings, and the care of both. */
export class SessionKeeper implements Disposable {
  /** For every connection's engine. */
  readonly policy: SessionPolicy;
  /** The worker's sessions and those of others. */
  readonly shared: SharedSessions;
  readonly #cache: LocalSessionCache;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(
    { capacity, lifetime }: SessionSettings,
    { pool, siblings, metrics, log }: SessionKeeperContext,
  ) {
    this.#cache = new LocalSessionCache({ pool, capacity });
    this.shared = new SharedSessions({
      pool,
      cache: this.#cache,
      send: (to, message) => siblings.send(to, message),
      looked: countLookups(metrics),
      onRefused: (from, error) => log.warn({ event: "session-refused", from, reason: error.message }),
    });
    siblings.sessions = this.shared;
    this.policy = { cache: this.shared, elsewhere: this.shared, lifetime };
    this.#timer = setInterval(() => {
      this.#cache.expire();
      this.shared.tick();
    }, expiryInterval);
  }

  /** Zeroes every session. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.shared[Symbol.dispose]();
    this.#cache[Symbol.dispose]();
  }
}
