import pkcs11js, { type Handle } from "pkcs11js";
import { calling, TokenError } from "./errors.ts";
import { type KeySelector } from "./key_finder.ts";
import { mayBeMendedByRestart } from "./generate.ts";
import { isPinRefusal, Login, type ReadPin } from "./login.ts";
import type { Pkcs11Module } from "./module.ts";
import { SessionPool } from "./session_pool.ts";
import { measureSigningCost, type SigningCost } from "./signing_cost.ts";
import type { TokenInput } from "./signing_methods.ts";
import { SigningThreads } from "./signing_threads.ts";
import { usualPatience } from "./patience.ts";
import { findSlot } from "./slot.ts";
import { TokenCaller, type TokenCalls } from "./token_calls.ts";
import { TokenKey } from "./token_key.ts";
import type { Pkcs11Uri } from "./uri.ts";

export interface TokenOptions {
  readonly uri: Pkcs11Uri;
  /** Operations in the token at once, 1 or more. */
  readonly sessions: number;
  /** Undefined for a token without a login. */
  readonly readPin: ReadPin | undefined;
  /** Milliseconds that a call may take before the token counts as hanging, when no other comes back either. */
  readonly patience?: number;
}

/** A token, logged in, with a pool of sessions. */
export class Token {
  readonly module: Pkcs11Module;
  readonly #options: TokenOptions;
  readonly #keys: TokenKey[] = [];
  readonly #caller: TokenCaller;
  readonly #login: Login | undefined;
  readonly #threads: SigningThreads;
  /** By kind of key. */
  readonly #costs = new Map<string, Promise<SigningCost>>();
  readonly #changes = new Set<Promise<unknown>>();
  /** Undefined while the token is away. */
  #pool: SessionPool | undefined;
  #reopening: Promise<void> | undefined;
  #closed = false;

  /** A token that is away until `reopen`. Close it. */
  constructor(module: Pkcs11Module, options: TokenOptions) {
    const { readPin, sessions, patience = usualPatience } = options;
    this.module = module;
    this.#options = options;
    this.#caller = new TokenCaller(module.addon, module.path, patience);
    this.#login = readPin && new Login(module.path, readPin);
    this.#threads = new SigningThreads(module.path, sessions);
    module.tokens.add(this);
  }

  /** Finds the token, opens its sessions, logs in. Throws TokenError. */
  static async open(module: Pkcs11Module, options: TokenOptions): Promise<Token> {
    const token = new Token(module, options);
    try {
      token.#pool = await token.#openPool();
      return token;
    } catch (error) {
      await token.close();
      throw error;
    }
  }

  /** The token's label, for logs. */
  get name(): string {
    return this.#options.uri.token ?? this.#options.uri.serial ?? "token";
  }

  /** As `[[token]]` has it. */
  get uri(): Pkcs11Uri {
    return this.#options.uri;
  }

  /** Whether it has sessions; whether those still work, a signature tells. */
  get isOpen(): boolean {
    return this.#pool !== undefined;
  }

  /** Whether it does not answer: requests are refused at once meanwhile. */
  get hangs(): boolean {
    return this.#caller.watch.hangs;
  }

  /** Whether a request can be hoped to be answered soon. */
  get isUsable(): boolean {
    return this.isOpen && this.#reopening === undefined && !this.hangs;
  }

  /** Throws TokenError while the token is away. */
  get pool(): SessionPool {
    if (this.#pool === undefined) {
      throw new TokenError("Cannot use the token: it is away", "CKR_TOKEN_NOT_PRESENT");
    }
    return this.#pool;
  }

  get calls(): TokenCalls {
    return this.#caller.calls;
  }

  /** For calls that are no operation, such as searches. Throws TokenError while the token is away. */
  get session(): Handle {
    return this.pool.control;
  }

  /** The pool, once an attempt to open the token anew that is under way has ended. Throws TokenError. */
  async openedPool(): Promise<SessionPool> {
    if (this.#reopening !== undefined && !this.hangs) await this.#reopening.catch(() => {});
    return this.pool;
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

  /**
   * A read-write session for one use, such as generating or destroying a key; closed after it. The token is neither closed
   * nor opened anew meanwhile. What fails in a way that a module started afresh may mend is done once more. Throws
   * TokenError, and what `use` throws.
   */
  async change<T>(use: (calls: TokenCalls, session: Handle) => Promise<T>): Promise<T> {
    try {
      return await this.#change(use);
    } catch (error) {
      if (!mayBeMendedByRestart(error) || !this.#isAlone) throw error;
      await this.reopen({ afresh: true });
      return await this.#change(use);
    }
  }

  /**
   * Opens the token anew after a failure (removed and back, sessions lost) and finds again those of its keys that are
   * there; `afresh`: by starting the module afresh, where no other token uses it. Waits for what is in the token. Concurrent
   * calls share one attempt. Throws TokenError.
   */
  reopen({ afresh = false } = {}): Promise<void> {
    return this.#reopening ??= this.#reopen(afresh).finally(() => this.#reopening = undefined);
  }

  /** Refuses what waits, lets the token finish what it has begun, closes the sessions. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reopening?.catch(() => {});
    await Promise.all(this.#changes);
    await this.#closePool();
    this.module.tokens.delete(this);
    this.#login?.[Symbol.dispose]();
    this.#caller[Symbol.dispose]();
    await this.#threads.stop();
  }

  /** What a signature with a kind of key costs, measured with the first key of that kind. Throws TokenError. */
  signingCost(kind: string, key: Handle, input: TokenInput): Promise<SigningCost> {
    let cost = this.#costs.get(kind);
    if (cost === undefined) {
      this.#costs.set(kind, cost = measureSigningCost(this.pool, key, input));
      cost.catch(() => this.#costs.delete(kind));
    }
    return cost;
  }

  async #change<T>(use: (calls: TokenCalls, session: Handle) => Promise<T>): Promise<T> {
    while (this.#reopening !== undefined) await this.#reopening.catch(() => {});
    if (this.#closed) throw new TokenError("Cannot change the token: it is being closed");
    const change = this.#useReadWrite(use);
    const ended = change.then(() => {}, () => {}).finally(() => this.#changes.delete(ended));
    this.#changes.add(ended);
    return await change;
  }

  async #useReadWrite<T>(use: (calls: TokenCalls, session: Handle) => Promise<T>): Promise<T> {
    const { calls } = this;
    const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
    const slot = await findSlot(calls, this.uri);
    const session = await calling("open a session that may write", () => calls.C_OpenSession(slot, flags));
    try {
      return await use(calls, session);
    } finally {
      await calls.C_CloseSession(session).catch(() => {
        // A session that the token has lost already.
      });
    }
  }

  /** A restart of the module ends the sessions of all its tokens. */
  get #isAlone(): boolean {
    return [...this.module.tokens].every((token) => token === this || !token.isOpen);
  }

  async #reopen(afresh: boolean): Promise<void> {
    if (this.#closed) throw new TokenError("Cannot open the token anew: it is being closed");
    await Promise.all(this.#changes);
    await this.#closePool();
    if (!afresh || !this.#isAlone) {
      try {
        return await this.#openAgain();
      } catch (error) {
        if (isPinRefusal(error) || !this.#isAlone) throw error;
      }
    }
    await this.module.restart();
    await this.#openAgain();
  }

  async #openAgain(): Promise<void> {
    this.#pool = await this.#openPool();
    try {
      await this.#findKeysAgain();
    } catch (error) {
      await this.#closePool();
      throw error;
    }
  }

  /** One key that is gone from the token takes no other along; where none is there, the token is not back. */
  async #findKeysAgain(): Promise<void> {
    const failures: unknown[] = [];
    for (const key of [...this.#keys]) await key.findAgain().catch((error: unknown) => failures.push(error));
    if (failures.length > 0 && failures.length === this.#keys.length) throw failures[0];
  }

  async #openPool(): Promise<SessionPool> {
    const { uri, sessions } = this.#options;
    const slot = await findSlot(this.calls, uri);
    const pool = await SessionPool.open(this.#caller, slot, sessions, this.#threads);
    try {
      await this.#login?.logIn(this.calls, slot, pool.control);
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  async #closePool(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.close();
  }
}
