import { constantTimeEqual } from "../../../shared/libcrypto/constant_time.ts";
import { randomBytes, randomSecret } from "../../../shared/libcrypto/random.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { TicketKey, TicketKeyProvider } from "./ticket_key_provider.ts";

const hour = 3600 * 1000;

export interface LocalTicketKeysOptions {
  readonly pool: LockedPool;
  /** Milliseconds for which a key seals; 12 hours by default. */
  readonly sealsFor?: number;
  /** Milliseconds after its making at which a key is zeroed; 36 hours by default. */
  readonly opensFor?: number;
  /** Milliseconds since some fixed moment. */
  readonly now?: () => number;
}

interface AgingKey extends TicketKey {
  readonly madeAt: number;
}

/**
 * Random keys of this process alone, renewed by time and never by count.
 *
 * There is no timer in here: keys age at each call. Who wants an old key gone while nobody connects calls `expire`
 * now and then.
 */
export class LocalTicketKeys implements TicketKeyProvider, Disposable {
  readonly #pool: LockedPool;
  readonly #sealsFor: number;
  readonly #opensFor: number;
  readonly #now: () => number;
  /** Newest first. */
  #keys: AgingKey[] = [];

  constructor(options: LocalTicketKeysOptions) {
    this.#pool = options.pool;
    this.#sealsFor = options.sealsFor ?? 12 * hour;
    this.#opensFor = options.opensFor ?? 36 * hour;
    this.#now = options.now ?? (() => performance.now());
  }

  sealingKey(): TicketKey {
    this.expire();
    const newest = this.#keys[0];
    if (newest !== undefined && this.#now() - newest.madeAt < this.#sealsFor) return newest;
    const key = { name: randomBytes(16), secret: randomSecret(this.#pool, 32), madeAt: this.#now() };
    this.#keys.unshift(key);
    return key;
  }

  openingKey(name: Uint8Array): TicketKey | undefined {
    this.expire();
    let found: TicketKey | undefined;
    // Every name is looked at, whichever matches.
    for (const key of this.#keys) {
      if (name.length === key.name.length && constantTimeEqual(name, key.name)) found = key;
    }
    return found;
  }

  /** Zeroes the keys whose time is over. */
  expire(): void {
    const now = this.#now();
    const expired = this.#keys.filter((key) => now - key.madeAt >= this.#opensFor);
    if (expired.length === 0) return;
    this.#keys = this.#keys.filter((key) => !expired.includes(key));
    for (const key of expired) key.secret[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const key of this.#keys) key.secret[Symbol.dispose]();
    this.#keys = [];
  }
}
