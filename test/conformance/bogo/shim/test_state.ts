import { LocalSessionCache } from "../../../../edge-terminator/tls/sessions/local_session_cache.ts";
import { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import { LocalKeys } from "./local_keys.ts";
import type { PrivateKeys } from "./private_keys.ts";
import { ShimTicketKeys } from "./shim_ticket_keys.ts";
import type { FlagValues } from "./flags.ts";
import { ShimBroken } from "./failure.ts";

/** What the connections of one test have in common, and a server keeps between them. */
export class TestState implements AsyncDisposable {
  /** For the connections: empty whenever there is none. */
  readonly pool = LockedPool.open({ totalBytes: 512 * 64 });
  /** For what outlives connections. */
  readonly #keptPool = LockedPool.open({ totalBytes: 512 * 64 });
  readonly ticketKeys = new ShimTicketKeys(this.#keptPool);
  /** TLS 1.2 sessions, by their id. */
  readonly sessions = new LocalSessionCache({
    pool: this.#keptPool,
    capacity: 16,
    now: () => this.wallClock(),
  });
  #ahead = 0;

  private constructor(readonly keys: PrivateKeys) {}

  static async open(flags: FlagValues): Promise<TestState> {
    const settings = flags["remote-key"];
    if (settings === undefined) return new TestState(new LocalKeys());
    // Loaded only when asked for: fresh processes without it start sooner.
    const { RemoteKeys } = await import("./remote_keys.ts");
    return new TestState(await RemoteKeys.open(settings));
  }

  /** The clock of the connections, in milliseconds of the Unix epoch. */
  wallClock(): number {
    return Date.now() + this.#ahead;
  }

  /** Moves the clock, as `-resumption-delay` asks. */
  advance(seconds: number): void {
    this.#ahead += seconds * 1000;
  }

  /** Called with no connection left: whatever is still rented was forgotten. */
  requireNoLeak(): void {
    const { blocksInUse } = this.pool;
    if (blocksInUse > 0) throw new ShimBroken(`${blocksInUse} blocks of the pool were not returned`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keys[Symbol.asyncDispose]();
    this.sessions[Symbol.dispose]();
    this.ticketKeys[Symbol.dispose]();
    this.#keptPool[Symbol.dispose]();
    this.pool[Symbol.dispose]();
  }
}
