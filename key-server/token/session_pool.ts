import { Buffer } from "node:buffer";
import pkcs11js, { type Handle } from "pkcs11js";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { calling, TokenError, tokenError } from "./errors.ts";
import { isComputedHere, type SigningCost } from "./signing_cost.ts";
import type { TokenInput } from "./signing_methods.ts";
import type { SigningThreads } from "./signing_threads.ts";
import { ThreadLane } from "./thread_lane.ts";
import type { TokenCaller, TokenCalls } from "./token_calls.ts";

/** Operations that may wait for a session: with a token that hangs, those that nobody waits for any more pile up. */
const longestQueue = 4096;

/** RSA-8192 and CKM_RSA_X_509's input; signature contents of Ed25519 are shorter. */
const bufferLength = 1024;

/**
 * A PKCS#11 session with the buffers of its one operation. The addon's worker thread holds bare pointers to both
 * buffers and no reference, so they have to live, and stay put, until the answer: the session owns them.
 */
interface PooledSession {
  handle: Handle;
  /** Undefined unless the session is being opened anew after a failure. */
  renewal: Promise<void> | undefined;
  readonly input: Buffer;
  readonly output: Buffer;
}

interface Waiter {
  readonly give: (session: PooledSession) => void;
  readonly refuse: (error: Error) => void;
}

/** As if the token had said it: mended in the same way, by opening the token anew. */
function poolClosed(): TokenError {
  return new TokenError("Cannot use the token: its sessions are closed", "CKR_SESSION_CLOSED");
}

/** Not to be mended by opening the token anew, which would hang too: it is tried again and again instead. */
function hangs(): TokenError {
  return new TokenError("Cannot use the token: it does not answer");
}

function overloaded(): KeylessError {
  return new KeylessError("overloaded", "too many requests wait for the token");
}

/**
 * N sessions of one token, each used by one operation at a time, given out in the order of asking: no key starves
 * another. N bounds the threads that a slow token can occupy. What the token computes in this process is signed in a few
 * threads of their own instead (`thread_lane.ts`), each with one of the sessions.
 */
export class SessionPool {
  readonly #caller: TokenCaller;
  readonly #calls: TokenCalls;
  readonly #slot: Handle;
  readonly #threads: SigningThreads;
  /** For calls that are no operation: searches, attributes, the login. */
  readonly #control: Handle;
  readonly #sessions: PooledSession[] = [];
  readonly #idle: PooledSession[] = [];
  readonly #waiters: Waiter[] = [];
  /** Sessions that belong to threads, and what those do. */
  #lent = 0;
  #lane: ThreadLane | undefined;
  #closed = false;
  #drained: (() => void) | undefined;

  private constructor(caller: TokenCaller, slot: Handle, control: Handle, threads: SigningThreads) {
    this.#caller = caller;
    this.#calls = caller.calls;
    this.#slot = slot;
    this.#control = control;
    this.#threads = threads;
  }

  /**
   * Opens `size` sessions; the caller logs in on one of them, which logs in all. The threads stay the caller's. Throws
   * TokenError.
   */
  static async open(
    caller: TokenCaller,
    slot: Handle,
    size: number,
    threads: SigningThreads,
  ): Promise<SessionPool> {
    const pool = new SessionPool(caller, slot, await openSession(caller.calls, slot), threads);
    try {
      for (let i = 0; i < size; i++) await pool.#add();
      return pool;
    } catch (error) {
      await pool.#closeSessions();
      throw error;
    }
  }

  /** Sessions in use by an operation. */
  get inUse(): number {
    return this.#inUseElsewhere + (this.#lane?.inUse ?? 0);
  }

  /** Operations that wait for a session. */
  get waiting(): number {
    return this.#waiters.length + (this.#lane?.waiting ?? 0);
  }

  /** A session for calls that are no operation. */
  get control(): Handle {
    if (this.#closed) throw poolClosed();
    return this.#control;
  }

  /**
   * Signs with one session. `isLate` is asked when the session is there: an operation that nobody waits for any
   * more is not begun. `cost` decides where, undefined before it is known. Throws TokenError, at once while the token hangs,
   * or KeylessError deadline-passed or overloaded.
   */
  sign(key: Handle, input: TokenInput, isLate: () => boolean, cost?: SigningCost): Promise<Uint8Array> {
    if (this.#caller.watch.hangs) return this.#refuseAll();
    if (cost !== undefined && isComputedHere(cost) && !this.#closed) {
      const lane = this.#lane ??= this.#openLane();
      if (lane?.isUsable === true) {
        return this.waiting < longestQueue
          ? lane.sign(key, input, isLate, cost)
          : Promise.reject(overloaded());
      }
      for (const { give, refuse, ...waiting } of lane?.takeWaiting() ?? []) {
        this.#signElsewhere(waiting.key, waiting.input, waiting.isLate).then(give, refuse);
      }
    }
    return this.#signElsewhere(key, input, isLate);
  }

  /** Signs even while the token hangs, to see whether it still does. Throws as `sign`. */
  trySign(key: Handle, input: TokenInput): Promise<Uint8Array> {
    return this.#signElsewhere(key, input, () => false);
  }

  /** Starts the threads; false where there are none, because of too few sessions. Throws TokenError. */
  async startThreads(): Promise<boolean> {
    await this.#threads.start();
    return this.#threads.running.length > 0;
  }

  /** Makes one signature in a thread, to see what it costs. Throws as `sign`. */
  async timeInThread(key: Handle, input: TokenInput): Promise<SigningCost> {
    if (this.#closed) throw poolClosed();
    const lane = this.#lane ??= this.#openLane();
    return await lane?.time(key, input) ?? { wall: Infinity, cpu: 0 };
  }

  /**
   * RSADP (RFC 8017, Section 5.1.2) of as many bytes as the modulus has: raw RSA, without any look at what comes out,
   * which the token writes into `memory` itself. The caller owns the block, as long as the input. Throws as `sign`.
   */
  async decryptRaw(
    key: Handle,
    ciphertext: Uint8Array,
    memory: LockedPool,
    isLate: () => boolean,
  ): Promise<Secret> {
    if (this.#caller.watch.hangs) await this.#refuseAll();
    return await this.#withSession(isLate, (session) => this.#decryptWith(session, key, ciphertext, memory));
  }

  /** Nobody waits for a token that hangs: edges ask elsewhere. */
  #refuseAll(): Promise<never> {
    for (const waiter of [...this.#waiters.splice(0), ...this.#lane?.takeWaiting() ?? []]) {
      waiter.refuse(hangs());
    }
    return Promise.reject(hangs());
  }

  /** Refuses those who wait, waits for those who sign, and closes all sessions. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(poolClosed());
    await this.#lane?.close(poolClosed);
    if (this.#inUseElsewhere > 0) await new Promise<void>((resolve) => this.#drained = resolve);
    await this.#closeSessions();
  }

  get #inUseElsewhere(): number {
    return this.#sessions.length - this.#idle.length - this.#lent;
  }

  /** Lends a session to each thread for good, when enough are idle. */
  #openLane(): ThreadLane | undefined {
    const threads = this.#threads.running;
    // One stays for what is done elsewhere.
    const sessions = this.#idle.slice(1, threads.length + 1);
    if (threads.length === 0 || sessions.length < threads.length) return undefined;
    for (const session of sessions) this.#idle.splice(this.#idle.indexOf(session), 1);
    this.#lent = sessions.length;
    return new ThreadLane(threads, sessions, (session) => this.#renew(session), this.#caller.watch);
  }

  async #add(): Promise<void> {
    const session = {
      handle: await openSession(this.#calls, this.#slot),
      renewal: undefined,
      input: Buffer.alloc(bufferLength),
      output: Buffer.alloc(bufferLength),
    };
    this.#sessions.push(session);
    this.#idle.push(session);
  }

  #signElsewhere(key: Handle, input: TokenInput, isLate: () => boolean): Promise<Uint8Array> {
    return this.#withSession(isLate, (session) => this.#signWith(session, key, input));
  }

  #acquire(): Promise<PooledSession> {
    if (this.#closed) return Promise.reject(poolClosed());
    const session = this.#idle.pop();
    if (session !== undefined) return Promise.resolve(session);
    if (this.#waiters.length >= longestQueue) {
      return Promise.reject(overloaded());
    }
    return new Promise((give, refuse) => this.#waiters.push({ give, refuse }));
  }

  async #withSession<T>(isLate: () => boolean, use: (session: PooledSession) => Promise<T>): Promise<T> {
    const session = await this.#acquire();
    try {
      if (isLate()) {
        throw new KeylessError("deadline-passed", "the deadline passed while waiting for the token");
      }
      return await use(session);
    } finally {
      this.#release(session);
    }
  }

  /** Whoever used it does not wait for its renewal; the next one does. */
  #release(session: PooledSession): void {
    if (session.renewal !== undefined) {
      void session.renewal.then(() => {
        session.renewal = undefined;
        this.#release(session);
      });
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) return waiter.give(session);
    this.#idle.push(session);
    if (this.#inUseElsewhere === 0) this.#drained?.();
  }

  async #signWith(session: PooledSession, key: Handle, { mechanism, data }: TokenInput): Promise<Uint8Array> {
    try {
      await this.#calls.C_SignInit(session.handle, mechanism, key);
      session.input.set(data);
      const input = session.input.subarray(0, data.length);
      const output = await this.#calls.C_SignAsync(session.handle, input, session.output);
      return new Uint8Array(output);
    } catch (error) {
      session.renewal = this.#renew(session);
      throw tokenError(`sign with mechanism 0x${mechanism.mechanism.toString(16)}`, error);
    }
  }

  async #decryptWith(
    session: PooledSession,
    key: Handle,
    ciphertext: Uint8Array,
    memory: LockedPool,
  ): Promise<Secret> {
    const block = memory.rent(ciphertext.length);
    try {
      await this.#decryptInto(session, key, ciphertext, block);
      return block;
    } catch (error) {
      block[Symbol.dispose]();
      session.renewal = this.#renew(session);
      throw tokenError("decrypt by raw RSA", error);
    }
  }

  async #decryptInto(
    session: PooledSession,
    key: Handle,
    ciphertext: Uint8Array,
    block: Secret,
  ): Promise<void> {
    using _ = block.hold();
    const { buffer, byteOffset, length } = block.bytes;
    await this.#calls.C_DecryptInit(session.handle, { mechanism: pkcs11js.CKM_RSA_X_509 }, key);
    session.input.set(ciphertext);
    const input = session.input.subarray(0, ciphertext.length);
    const output = await this.#calls.C_DecryptAsync(
      session.handle,
      input,
      Buffer.from(buffer, byteOffset, length),
    );
    // Of a token that drops leading zeros; the proof at its loading has refused such a key.
    if (output.length !== length) {
      throw new TokenError("Cannot decrypt by raw RSA: the token shortens its answer");
    }
  }

  /** After a failure an operation may still be active in the session, which would refuse the next one. */
  async #renew(session: { handle: Handle }): Promise<void> {
    try {
      await this.#calls.C_CloseSession(session.handle);
      session.handle = await openSession(this.#calls, this.#slot);
    } catch {
      // The token is gone: the next operation here fails and says so, until the token is opened anew.
    }
  }

  async #closeSessions(): Promise<void> {
    for (const handle of [this.#control, ...this.#sessions.splice(0).map(({ handle }) => handle)]) {
      try {
        await this.#calls.C_CloseSession(handle);
      } catch {
        // A session that the token has lost already.
      }
    }
    this.#idle.length = 0;
  }
}

async function openSession(calls: TokenCalls, slot: Handle): Promise<Handle> {
  return await calling("open a session", () => calls.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION));
}
