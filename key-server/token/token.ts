import pkcs11js, { type Handle, type PKCS11 } from "pkcs11js";
import { calling, TokenError } from "./errors.ts";
import { type KeySelector } from "./key_finder.ts";
import { isPinRefusal, logIn, type ReadPin } from "./login.ts";
import type { Pkcs11Module } from "./module.ts";
import { SessionPool } from "./session_pool.ts";
import { measureSigningCost, type SigningCost } from "./signing_cost.ts";
import type { TokenInput } from "./signing_methods.ts";
import { SigningThreads } from "./signing_threads.ts";
import { findSlot } from "./slot.ts";
import { TokenKey } from "./token_key.ts";
import type { Pkcs11Uri } from "./uri.ts";

export interface TokenOptions {
  readonly uri: Pkcs11Uri;
  /** Operations in the token at once, 1 or more. */
  readonly sessions: number;
  /** Undefined for a token without a login. */
  readonly readPin: ReadPin | undefined;
}

/** A token, logged in, with a pool of sessions. */
export class Token {
  readonly module: Pkcs11Module;
  readonly #options: TokenOptions;
  readonly #keys: TokenKey[] = [];
  readonly #threads: SigningThreads;
  /** By kind of key. */
  readonly #costs = new Map<string, Promise<SigningCost>>();
  #pool: SessionPool;
  #reopening: Promise<void> | undefined;
  #pinRefused = false;
  #closed = false;
  readonly #changes = new Set<Promise<unknown>>();

  private constructor(
    module: Pkcs11Module,
    options: TokenOptions,
    threads: SigningThreads,
    pool: SessionPool,
  ) {
    this.module = module;
    this.#options = options;
    this.#threads = threads;
    this.#pool = pool;
  }

  /** Finds the token, opens its sessions, logs in. Throws TokenError. */
  static async open(module: Pkcs11Module, options: TokenOptions): Promise<Token> {
    const threads = new SigningThreads(module.path, options.sessions);
    const token = new Token(module, options, threads, await openPool(module, options, threads));
    module.tokens++;
    return token;
  }

  /** The token's label, for logs. */
  get name(): string {
    return this.#options.uri.token ?? this.#options.uri.serial ?? "token";
  }

  /** As `[[token]]` has it. */
  get uri(): Pkcs11Uri {
    return this.#options.uri;
  }

  get pool(): SessionPool {
    return this.#pool;
  }

  /** Finds a key, reads its public half and tests what it can do. Throws TokenError. */
  async loadKey(selector: KeySelector): Promise<TokenKey> {
    const key = await TokenKey.load(this, selector);
    this.#keys.push(key);
    return key;
  }

  /** Looks for a key no more when the token is opened anew. What is under way with it goes on. */
  forgetKey(key: TokenKey): void {
    const index = this.#keys.indexOf(key);
    if (index >= 0) this.#keys.splice(index, 1);
  }

  /** Any session, for calls that are over when they return. */
  get session(): Handle {
    return this.#pool.handle;
  }

  /**
   * A read-write session for one use, such as generating or destroying a key; closed after it. The token is neither closed
   * nor opened anew meanwhile. Throws TokenError, and what `use` throws.
   */
  async change<T>(use: (calls: PKCS11, session: Handle) => Promise<T> | T): Promise<T> {
    await this.#reopening?.catch(() => {});
    if (this.#closed) throw new TokenError("Cannot change the token: it is being closed");
    const change = this.#useReadWrite(use);
    const ended = change.then(() => {}, () => {}).finally(() => this.#changes.delete(ended));
    this.#changes.add(ended);
    return await change;
  }

  /**
   * Opens the token anew after a failure (removed and back, sessions lost) and finds again those of its keys that are
   * there. Waits for what is in the token. Concurrent calls share one attempt. A PIN that was refused is never tried
   * again: that would lock the token. Throws TokenError.
   */
  reopen(): Promise<void> {
    return this.#reopening ??= this.#reopen().finally(() => this.#reopening = undefined);
  }

  /** Refuses what waits, lets the token finish what it has begun, closes the sessions. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.module.tokens--;
    await this.#reopening?.catch(() => {});
    await Promise.all(this.#changes);
    await this.#pool.close();
    await this.#threads.stop();
  }

  /** What a signature with a kind of key costs, measured with the first key of that kind. Throws TokenError. */
  signingCost(kind: string, key: Handle, input: TokenInput): Promise<SigningCost> {
    let cost = this.#costs.get(kind);
    if (cost === undefined) {
      this.#costs.set(kind, cost = measureSigningCost(this.#pool, key, input));
      cost.catch(() => this.#costs.delete(kind));
    }
    return cost;
  }

  async #useReadWrite<T>(use: (calls: PKCS11, session: Handle) => Promise<T> | T): Promise<T> {
    const { calls } = this.module;
    const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
    const slot = findSlot(this.module, this.uri);
    const session = calling("open a session that may write", () => calls.C_OpenSession(slot, flags));
    try {
      return await use(calls, session);
    } finally {
      try {
        calls.C_CloseSession(session);
      } catch {
        // A session that the token has lost already.
      }
    }
  }

  async #reopen(): Promise<void> {
    if (this.#closed) throw new TokenError("Cannot open the token anew: it is being closed");
    if (this.#pinRefused) {
      throw new TokenError("Cannot open the token anew: it refused the PIN, and another try might lock it");
    }
    await Promise.all(this.#changes);
    await this.#pool.close();
    try {
      await this.#openAgain();
    } catch (error) {
      // Only for a module of this token alone: a restart ends the sessions of all.
      if (this.#pinRefused || this.module.tokens > 1) throw error;
      await this.#pool.close();
      this.module.restart();
      await this.#openAgain();
    }
  }

  async #openAgain(): Promise<void> {
    try {
      this.#pool = await openPool(this.module, this.#options, this.#threads);
    } catch (error) {
      this.#pinRefused = isPinRefusal(error);
      throw error;
    }
    this.#findKeysAgain();
  }

  /** One key that is gone from the token takes no other along; where none is there, the token is not back. */
  #findKeysAgain(): void {
    const failures: unknown[] = [];
    for (const key of this.#keys) {
      try {
        key.findAgain();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0 && failures.length === this.#keys.length) throw failures[0];
  }
}

async function openPool(
  module: Pkcs11Module,
  { uri, sessions, readPin }: TokenOptions,
  threads: SigningThreads,
): Promise<SessionPool> {
  const pool = SessionPool.open(module.calls, findSlot(module, uri), sessions, threads);
  try {
    if (readPin !== undefined) await logIn(module.calls, pool.handle, readPin);
    return pool;
  } catch (error) {
    await pool.close();
    throw error;
  }
}
