import { constantTimeEqual } from "../../../shared/libcrypto/constant_time.ts";
import { PoolExhaustedError } from "../../../shared/memory/errors.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { decodeSessionState, encodeSessionState, type SessionState } from "../tickets/session_state.ts";
import { type CachedSession, type SessionCache, sessionIdLength } from "./session_cache.ts";

export interface LocalSessionCacheOptions {
  readonly pool: LockedPool;
  /** Sessions at most; each is one block of the pool. The oldest makes room for the newest. */
  readonly capacity: number;
  /** Milliseconds of the Unix epoch; `Date.now` by default. */
  readonly now?: () => number;
}

interface Entry {
  readonly id: Uint8Array;
  readonly secret: Secret;
  readonly domain: string;
  /** Encoded; not secret. */
  readonly state: Uint8Array;
  readonly expiresAt: number;
}

/** Bytes of the id that an entry is looked up by; the rest is compared in constant time. */
const handleLength = 8;
/** A session with a longer state, which only a client's certificates make, is not kept. */
const longestState = 16_384;
const nobody = new Uint8Array(sessionIdLength);

/**
 * The sessions of this process. Secrets live in the pool, and are zeroed when a session expires, is evicted or is
 * removed.
 *
 * There is no timer in here: an expired session never resumes, but its block is zeroed when somebody asks for it, or
 * by `expire`, which whoever owns the cache calls now and then.
 */
export class LocalSessionCache implements SessionCache, Disposable {
  readonly #pool: LockedPool;
  readonly #capacity: number;
  readonly #now: () => number;
  /** By handle, the oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor({ pool, capacity, now = Date.now }: LocalSessionCacheOptions) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError("Cannot make a session cache: its capacity is not a whole number from 1");
    }
    this.#pool = pool;
    this.#capacity = capacity;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  store(id: Uint8Array, state: SessionState, secret: Secret, domain: string): void {
    const encoded = encodeSessionState(state);
    if (id.length !== sessionIdLength || encoded.length > longestState) return;
    this.#forget(handleOf(id));
    if (this.#entries.size >= this.#capacity) this.#forget(this.#entries.keys().next().value!);
    const copy = this.#copy(secret);
    if (copy === undefined) return;
    const expiresAt = state.issuedAt + state.lifetime;
    this.#entries.set(handleOf(id), { id: id.slice(), secret: copy, domain, state: encoded, expiresAt });
  }

  find(id: Uint8Array): CachedSession | undefined {
    const entry = this.#entryOf(id);
    if (entry === undefined) return undefined;
    if (entry.expiresAt <= this.#now()) {
      this.#forget(handleOf(id));
      return undefined;
    }
    const secret = this.#copy(entry.secret);
    return secret && { state: decodeSessionState(entry.state)!, secret, domain: entry.domain };
  }

  remove(id: Uint8Array): void {
    if (this.#entryOf(id) !== undefined) this.#forget(handleOf(id));
  }

  /** Zeroes the sessions whose time is over. */
  expire(): void {
    const now = this.#now();
    for (const [handle, { expiresAt }] of this.#entries) {
      if (expiresAt <= now) this.#forget(handle);
    }
  }

  [Symbol.dispose](): void {
    for (const handle of this.#entries.keys()) this.#forget(handle);
  }

  /** An id is compared whole, whether there is an entry or not: the time tells nothing that helps to guess one. */
  #entryOf(id: Uint8Array): Entry | undefined {
    if (id.length !== sessionIdLength) return undefined;
    const entry = this.#entries.get(handleOf(id));
    const isEqual = constantTimeEqual(entry?.id ?? nobody, id);
    return isEqual ? entry : undefined;
  }

  #forget(handle: string): void {
    const entry = this.#entries.get(handle);
    if (entry === undefined) return;
    this.#entries.delete(handle);
    entry.secret[Symbol.dispose]();
  }

  /** Undefined when the pool is used up: sessions are a comfort, connections need its blocks. */
  #copy(secret: Secret): Secret | undefined {
    try {
      const copy = this.#pool.rent(secret.length);
      copy.bytes.set(secret.bytes);
      return copy;
    } catch (error) {
      if (error instanceof PoolExhaustedError) return undefined;
      throw error;
    }
  }
}

function handleOf(id: Uint8Array): string {
  return id.subarray(0, handleLength).toHex();
}
