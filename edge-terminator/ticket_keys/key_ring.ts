import type { TicketKey, TicketKeyProvider } from "../tls/tickets/ticket_key_provider.ts";
import type { AgingKey } from "./aging_key.ts";
import { findByName } from "./key_search.ts";
import { mostKeys } from "./schedule.ts";

/** What a key is good for at a moment. */
export type KeyState = "waiting" | "sealing" | "opening";

/** What is told of a key that is held; nothing of it is secret. Milliseconds. */
export interface KeyStatus {
  readonly name: Uint8Array;
  readonly state: KeyState;
  readonly age: number;
}

/**
 * Aging keys, and which of them seals and opens now.
 *
 * The keys of a moment are an array that never changes: who adds or removes one swaps in another (S11). The handshake
 * path reads it, goes by the keys' times, and zeroes nothing: that is for `expire`, called from a timer, so that a
 * key that a handshake has in its hands stays what it is.
 */
export class KeyRing implements TicketKeyProvider, Disposable {
  readonly #now: () => number;
  /** Newest first. */
  #keys: readonly AgingKey[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get keys(): readonly AgingKey[] {
    return this.#keys;
  }

  /** The key that began to seal last, of those whose time it is. */
  sealingKey(): AgingKey | undefined {
    const now = this.#now();
    let latest: AgingKey | undefined;
    for (const key of this.#keys) {
      if (key.sealsFrom > now || now >= key.sealsUntil || now >= key.opensUntil) continue;
      if (latest === undefined || key.sealsFrom > latest.sealsFrom) latest = key;
    }
    return latest;
  }

  openingKey(name: Uint8Array): TicketKey | undefined {
    const key = findByName(this.#keys, name);
    return key !== undefined && this.#now() < key.opensUntil ? key : undefined;
  }

  /** Takes over those that are new and not over yet, and zeroes the others at once. Says how many it took. */
  add(keys: readonly AgingKey[]): number {
    const now = this.#now();
    const taken: AgingKey[] = [];
    for (const key of keys) {
      const isKnown = findByName([...this.#keys, ...taken], key.name) !== undefined;
      if (isKnown || now >= key.opensUntil || this.#keys.length + taken.length >= mostKeys) {
        key.secret[Symbol.dispose]();
      } else taken.push(key);
    }
    if (taken.length > 0) this.#keys = [...taken, ...this.#keys].sort((a, b) => b.madeAt - a.madeAt);
    return taken.length;
  }

  /** Zeroes the keys whose time is over (S9). Call it from a timer, never from a handshake. */
  expire(): void {
    const now = this.#now();
    const expired = this.#keys.filter((key) => now >= key.opensUntil);
    if (expired.length === 0) return;
    this.#keys = this.#keys.filter((key) => now < key.opensUntil);
    for (const key of expired) key.secret[Symbol.dispose]();
  }

  /** Newest first. */
  status(): KeyStatus[] {
    const now = this.#now();
    const sealing = this.sealingKey();
    return this.#keys.filter((key) => now < key.opensUntil).map((key) => ({
      name: key.name,
      state: key === sealing ? "sealing" : key.sealsFrom > now ? "waiting" : "opening",
      age: now - key.madeAt,
    }));
  }

  [Symbol.dispose](): void {
    const keys = this.#keys;
    this.#keys = [];
    for (const key of keys) key.secret[Symbol.dispose]();
  }
}
