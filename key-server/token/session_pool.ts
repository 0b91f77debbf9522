import { Buffer } from "node:buffer";
import pkcs11js, { type Handle, type PKCS11 } from "pkcs11js";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { calling, TokenError, tokenError } from "./errors.ts";
import type { TokenInput } from "./signing_methods.ts";

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

/**
 * N sessions of one token, each used by one operation at a time, given out in the order of asking: no key starves
 * another. N bounds the threads that a slow token can occupy.
 */
export class SessionPool {
  readonly #calls: PKCS11;
  readonly #slot: Handle;
  readonly #sessions: PooledSession[] = [];
  readonly #idle: PooledSession[] = [];
  readonly #waiters: Waiter[] = [];
  #closed = false;
  #drained: (() => void) | undefined;

  private constructor(calls: PKCS11, slot: Handle) {
    this.#calls = calls;
    this.#slot = slot;
  }

  /** Opens `size` sessions; the caller logs in on one of them, which logs in all. Throws TokenError. */
  static open(calls: PKCS11, slot: Handle, size: number): SessionPool {
    const pool = new SessionPool(calls, slot);
    try {
      for (let i = 0; i < size; i++) pool.#add();
      return pool;
    } catch (error) {
      pool.#closeSessions();
      throw error;
    }
  }

  /** Sessions in use by an operation. */
  get inUse(): number {
    return this.#sessions.length - this.#idle.length;
  }

  /** Operations that wait for a session. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Any session, for calls that are over when they return. */
  get handle(): Handle {
    const [session] = this.#sessions;
    if (session === undefined) throw poolClosed();
    return session.handle;
  }

  /**
   * Signs with one session. `isLate` is asked when the session is there: an operation that nobody waits for any
   * more is not begun. Throws TokenError, or KeylessError deadline-passed or overloaded.
   */
  async sign(key: Handle, input: TokenInput, isLate: () => boolean): Promise<Uint8Array> {
    return await this.#withSession(isLate, (session) => this.#signWith(session, key, input));
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
    return await this.#withSession(isLate, (session) => this.#decryptWith(session, key, ciphertext, memory));
  }

  /** Refuses those who wait, waits for those who sign, and closes all sessions. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(poolClosed());
    if (this.inUse > 0) await new Promise<void>((resolve) => this.#drained = resolve);
    this.#closeSessions();
  }

  #add(): void {
    const session = {
      handle: this.#open(),
      input: Buffer.alloc(bufferLength),
      output: Buffer.alloc(bufferLength),
    };
    this.#sessions.push(session);
    this.#idle.push(session);
  }

  #open(): Handle {
    return calling(
      "open a session",
      () => this.#calls.C_OpenSession(this.#slot, pkcs11js.CKF_SERIAL_SESSION),
    );
  }

  #acquire(): Promise<PooledSession> {
    if (this.#closed) return Promise.reject(poolClosed());
    const session = this.#idle.pop();
    if (session !== undefined) return Promise.resolve(session);
    if (this.#waiters.length >= longestQueue) {
      return Promise.reject(new KeylessError("overloaded", "too many requests wait for the token"));
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

  #release(session: PooledSession): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) return waiter.give(session);
    this.#idle.push(session);
    if (this.inUse === 0) this.#drained?.();
  }

  async #signWith(session: PooledSession, key: Handle, { mechanism, data }: TokenInput): Promise<Uint8Array> {
    try {
      this.#calls.C_SignInit(session.handle, mechanism, key);
      session.input.set(data);
      const input = session.input.subarray(0, data.length);
      const output = await this.#calls.C_SignAsync(session.handle, input, session.output);
      return new Uint8Array(output);
    } catch (error) {
      this.#renew(session);
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
      this.#renew(session);
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
    this.#calls.C_DecryptInit(session.handle, { mechanism: pkcs11js.CKM_RSA_X_509 }, key);
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
  #renew(session: PooledSession): void {
    try {
      this.#calls.C_CloseSession(session.handle);
      session.handle = this.#open();
    } catch {
      // The token is gone: the next operation here fails and says so, until the token is opened anew.
    }
  }

  #closeSessions(): void {
    for (const session of this.#sessions.splice(0)) {
      try {
        this.#calls.C_CloseSession(session.handle);
      } catch {
        // A session that the token has lost already.
      }
    }
    this.#idle.length = 0;
  }
}
