import { SecretHeldError, SecretReturnedError } from "./errors.ts";

/** What a secret needs of its pool; a pool is the only maker of secrets. */
export interface SecretOwner {
  /** A new view onto the block, onto the pool's own memory. */
  viewOf(blockIndex: number, length: number): Uint8Array<ArrayBuffer>;
  /** Copies the beginning of the block, as long as `target` is. */
  copyBlock(blockIndex: number, target: Uint8Array): void;
  /** Zeroes the block and takes it back. */
  giveBack(secret: Secret): void;
}

/**
 * A secret in one block of a locked pool: zero when rented, zeroed and out of reach when returned.
 *
 * Declare it with `using`. Native code takes `address`; JavaScript takes `bytes`, a view onto the locked memory
 * itself. Neither may outlive the secret: a view kept past the return is detached, so that it reads nothing and
 * throws when written to, and never shows the next renter's secret. Nothing here turns a secret into text.
 */
export class Secret implements Disposable {
  /** Bytes that were asked for; the block behind may be longer. */
  readonly length: number;
  readonly #owner: SecretOwner;
  readonly #blockIndex: number;
  readonly #address: number;
  #view: Uint8Array<ArrayBuffer> | undefined;
  #holds = 0;
  #returned = false;

  /** Not for callers: use LockedPool.rent(). */
  constructor(owner: SecretOwner, blockIndex: number, address: number, length: number) {
    this.#owner = owner;
    this.#blockIndex = blockIndex;
    this.#address = address;
    this.length = length;
  }

  /** Index of the block in its pool. */
  get blockIndex(): number {
    return this.#blockIndex;
  }

  /**
   * Where the block is, as a `usize` for native calls.
   * @throws {SecretReturnedError}
   */
  get address(): number {
    if (this.#returned) throw new SecretReturnedError("use a secret");
    return this.#address;
  }

  /**
   * The secret's own memory, not a copy. Sockets and native calls can read from it and write into it. Hand it to no
   * function that copies (`slice`, `structuredClone`, `TextDecoder`).
   * @throws {SecretReturnedError}
   */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#returned) throw new SecretReturnedError("use a secret");
    return this.#view ??= this.#owner.viewOf(this.#blockIndex, this.length);
  }

  /**
   * Copies the secret into `target`, which the caller zeroes within the same call: for nonces, of which each needs its
   * IV. Unlike `bytes` it makes no view, of which making and detaching take 1 us.
   *
   * @throws {SecretReturnedError}
   */
  copyInto(target: Uint8Array): void {
    if (this.#returned) throw new SecretReturnedError("use a secret");
    if (target.length < this.length) throw new RangeError("Cannot copy a secret: the target is too short");
    this.#owner.copyBlock(this.#blockIndex, target.subarray(0, this.length));
  }

  /** Whether the block has gone back to the pool. */
  get returned(): boolean {
    return this.#returned;
  }

  /**
   * Copies the secret into ordinary memory, where nothing zeroes it.
   *
   * @param reason why this is no secret any more, or why a copy cannot be avoided: for the reader and for grep
   * @throws {SecretReturnedError}
   */
  reveal(reason: string): Uint8Array<ArrayBuffer> {
    if (reason.trim() === "") throw new TypeError("Cannot reveal a secret: no reason is stated");
    return this.bytes.slice();
  }

  /**
   * Marks the block as under input or output: returning it throws until the hold is disposed.
   * @throws {SecretReturnedError}
   */
  hold(): Disposable {
    if (this.#returned) throw new SecretReturnedError("hold a secret");
    this.#holds++;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#holds--;
      },
    };
  }

  /**
   * Zeroes the block, detaches its views and returns it.
   *
   * @throws {SecretHeldError} while a hold is open: the block stays rented
   * @throws {SecretReturnedError} on the second call
   */
  [Symbol.dispose](): void {
    this.#owner.giveBack(this);
  }

  /** For the owning pool only, before it zeroes: refuses what must not be returned, then cuts every view off. */
  retire(intent: string): void {
    if (this.#returned) throw new SecretReturnedError(intent);
    if (this.#holds > 0) throw new SecretHeldError(intent);
    this.#returned = true;
    this.#view?.buffer.transfer();
    this.#view = undefined;
  }

  /** Whether a hold is open. */
  get held(): boolean {
    return this.#holds > 0;
  }

  toJSON(): string {
    return `[Secret of ${this.length} bytes]`;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return this.toJSON();
  }

  toString(): string {
    return this.toJSON();
  }
}
