import type { TicketKey } from "../tls/tickets/ticket_key_provider.ts";
import { type AgingKey, never, ownOrigin } from "./aging_key.ts";
import { mostKeysOfMaker } from "./schedule.ts";

/** What a key is good for at a moment. */
export type KeyState = "waiting" | "sealing" | "opening";

/** What is told of a key that is held; nothing of it is secret. Milliseconds. */
export interface KeyStatus {
  readonly name: Uint8Array;
  readonly domain: string;
  readonly state: KeyState;
  readonly age: number;
  /** Made by this edge. */
  readonly isOwn: boolean;
}

/** The keys of a moment. */
interface Held {
  /** Newest first. */
  readonly keys: readonly AgingKey[];
  /** By their names, which are public and random: a table's lookup tells nobody anything, and takes one time (S10). */
  readonly byName: ReadonlyMap<string, AgingKey>;
}

const nothing: Held = { keys: [], byName: new Map() };

/**
 * Aging keys of one domain, and which of them seals and opens now.
 *
 * The keys of a moment never change: who adds or removes one swaps in another set (S11). The handshake path reads it, goes
 * by the keys' times, and zeroes nothing: that is for `expire`, called from a timer, so that a key that a handshake
 * has in its hands stays what it is.
 */
export class KeyRing implements Disposable {
  readonly #now: () => number;
  #held = nothing;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Newest first. */
  get keys(): readonly AgingKey[] {
    return this.#held.keys;
  }

  /** Those that this edge made, newest first. */
  get ownKeys(): readonly AgingKey[] {
    return this.#held.keys.filter(({ origin }) => origin === ownOrigin);
  }

  /** The key that began to seal last, of those whose time it is. */
  sealingKey(): AgingKey | undefined {
    const now = this.#now();
    let latest: AgingKey | undefined;
    for (const key of this.#held.keys) {
      if (key.sealsFrom > now || now >= key.sealsUntil || now >= key.opensUntil) continue;
      if (latest === undefined || key.sealsFrom > latest.sealsFrom) latest = key;
    }
    return latest;
  }

  openingKey(name: Uint8Array): TicketKey | undefined {
    const key = this.#held.byName.get(name.toHex());
    return key !== undefined && this.#now() < key.opensUntil ? key : undefined;
  }

  /**
   * Takes over what is news: keys that are not here and not over; and of those that are here, that one seals now which only
   * waited, or ends earlier. Zeroes all others at once. Says how many it took.
   */
  add(keys: readonly AgingKey[]): number {
    const now = this.#now();
    const byName = new Map(this.#held.byName);
    let taken = 0;
    for (const key of keys) {
      const name = key.name.toHex();
      const known = byName.get(name);
      const next = known === undefined ? this.#admitted(key, byName, now) : withNews(known, key);
      if (next !== key) key.secret[Symbol.dispose]();
      if (next === undefined || next === known) continue;
      byName.set(name, next);
      taken++;
    }
    if (taken > 0) this.#swap(byName);
    return taken;
  }

  /** From now on a key of ours seals, from `sealsFrom` on. False: there is none that waits under that name. */
  activate(name: Uint8Array, sealsFrom: number): boolean {
    const key = this.#held.byName.get(name.toHex());
    if (key === undefined || key.sealsFrom <= sealsFrom) return false;
    this.#swap(new Map(this.#held.byName).set(name.toHex(), { ...key, sealsFrom }));
    return true;
  }

  /** Zeroes the keys whose time is over (S9). Call it from a timer, never from a handshake. */
  expire(): void {
    const now = this.#now();
    this.end((key) => now >= key.opensUntil);
  }

  /** Zeroes the keys that are meant, at once. Call it from anywhere but a handshake. Says how many there were. */
  end(isMeant: (key: AgingKey) => boolean): number {
    const ended = this.#held.keys.filter(isMeant);
    if (ended.length === 0) return 0;
    const byName = new Map(this.#held.byName);
    for (const { name } of ended) byName.delete(name.toHex());
    this.#swap(byName);
    for (const { secret } of ended) secret[Symbol.dispose]();
    return ended.length;
  }

  /** Newest first. */
  status(): KeyStatus[] {
    const now = this.#now();
    const sealing = this.sealingKey();
    return this.#held.keys.filter((key) => now < key.opensUntil).map((key) => ({
      name: key.name,
      domain: key.domain,
      state: key === sealing
        ? "sealing"
        : key.origin === ownOrigin && key.sealsFrom > now
        ? "waiting"
        : "opening",
      age: now - key.madeAt,
      isOwn: key.origin === ownOrigin,
    }));
  }

  [Symbol.dispose](): void {
    this.end(() => true);
  }

  /** Of each maker so many keys and no more: none can fill the pool (S14). */
  #admitted(key: AgingKey, byName: ReadonlyMap<string, AgingKey>, now: number): AgingKey | undefined {
    if (now >= key.opensUntil) return undefined;
    let ofMaker = 0;
    for (const { origin } of byName.values()) if (origin === key.origin) ofMaker++;
    return ofMaker < mostKeysOfMaker ? key : undefined;
  }

  #swap(byName: ReadonlyMap<string, AgingKey>): void {
    const keys = [...byName.values()].sort((a, b) => b.madeAt - a.madeAt);
    this.#held = { keys, byName };
  }
}

/** Milliseconds by which the times of one key differ among holders whose clocks do. */
const clockDrift = 1000;

/** The known key itself when the other one says nothing new of it. */
function withNews(known: AgingKey, other: AgingKey): AgingKey {
  // Nobody has a say in a key of another maker.
  if (other.origin !== known.origin) return known;
  const isActivated = known.sealsFrom === never && other.sealsFrom !== never;
  const isShortened = other.opensUntil < known.opensUntil - clockDrift;
  if (!isActivated && !isShortened) return known;
  return {
    ...known,
    sealsFrom: isActivated ? other.sealsFrom : known.sealsFrom,
    opensUntil: Math.min(known.opensUntil, other.opensUntil),
  };
}
