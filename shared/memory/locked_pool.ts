import {
  ForeignSecretError,
  InvalidPoolOptionError,
  PoolDisposedError,
  PoolExhaustedError,
  SecretHeldError,
  SecretLengthError,
  SecretReturnedError,
} from "./errors.ts";
import { LockedMapping, pageSize, type PoolBacking } from "./locked_mapping.ts";
import { Secret, type SecretOwner } from "./secret.ts";

export type { PoolBacking };

/** How much memory to lock, and how. */
export interface LockedPoolOptions {
  /** Bytes of one block, the longest secret; 64 by default, which holds every secret of TLS. */
  readonly blockSize?: number;
  /** Bytes of all blocks together; the mapping is rounded up to whole pages. */
  readonly totalBytes: number;
  /** "auto" by default: secretmem where the kernel has it, else mlock. */
  readonly backing?: PoolBacking | "auto";
}

const defaultBlockSize = 64;
/** Addresses of a Linux process end below 2^47. */
const mostBytes = 2 ** 46;

/**
 * Memory for secrets: locked, between guard pages, cut into blocks of one size that are rented and returned.
 *
 * Renting and returning are O(1) and allocate no locked memory; a block comes zeroed and is zeroed on its return.
 */
export class LockedPool implements SecretOwner, Disposable {
  readonly blockSize: number;
  readonly blockCount: number;
  readonly #mapping: LockedMapping;
  readonly #base: Deno.PointerObject;
  /** A view of the whole mapping for zeroing; no caller ever sees it. */
  readonly #whole: Uint8Array<ArrayBuffer>;
  /** Free block indexes: the first `#freeCount` entries. Last returned is first rented, while it is in the cache. */
  readonly #free: Uint32Array;
  #freeCount: number;
  readonly #renters: (Secret | undefined)[];
  #disposed = false;

  private constructor(mapping: LockedMapping, blockSize: number, blockCount: number) {
    this.#mapping = mapping;
    this.blockSize = blockSize;
    this.blockCount = blockCount;
    this.#base = Deno.UnsafePointer.create(BigInt(mapping.address))!;
    this.#whole = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.#base, mapping.length));
    this.#whole.fill(0); // touches every page: secretmem counts and locks touched pages only
    this.#free = new Uint32Array(blockCount).map((_, index) => blockCount - 1 - index);
    this.#freeCount = blockCount;
    this.#renters = new Array<Secret | undefined>(blockCount).fill(undefined);
  }

  /**
   * Maps and locks the pool.
   *
   * @throws {InvalidPoolOptionError} naming the option that is no usable size
   * @throws {MemoryLockLimitError} when RLIMIT_MEMLOCK is too low; nothing stays mapped
   * @throws {PoolBackingUnavailableError} when "secretmem" was asked for and the kernel has none
   * @throws {UnsupportedPlatformError} on macOS and Windows
   */
  static open(options: LockedPoolOptions): LockedPool {
    const { blockSize = defaultBlockSize, totalBytes, backing = "auto" } = options;
    checkSize("blockSize", blockSize);
    checkSize("totalBytes", totalBytes);
    if (blockSize > totalBytes) {
      throw new InvalidPoolOptionError("blockSize", blockSize, `at most totalBytes, ${totalBytes}`);
    }
    const blockCount = Math.floor(totalBytes / blockSize);
    if (blockCount >= 2 ** 32) {
      throw new InvalidPoolOptionError("totalBytes", totalBytes, "small enough for a 32-bit count of blocks");
    }
    const page = pageSize();
    const mapping = LockedMapping.map(Math.ceil(totalBytes / page) * page, backing);
    return new LockedPool(mapping, blockSize, blockCount);
  }

  /** What the pool ended up on. */
  get backing(): PoolBacking {
    return this.#mapping.backing;
  }

  /** Bytes that count against RLIMIT_MEMLOCK: whole pages, without the guards. */
  get mappedBytes(): number {
    return this.#mapping.length;
  }

  /** Address of the first block; blocks follow each other without gaps. */
  get address(): number {
    if (this.#disposed) throw new PoolDisposedError("locate the pool");
    return this.#mapping.address;
  }

  /** Blocks rented at this moment. */
  get blocksInUse(): number {
    return this.blockCount - this.#freeCount;
  }

  /**
   * A zeroed block for a secret of `length` bytes.
   *
   * @throws {SecretLengthError} when the length is not 1 to blockSize
   * @throws {PoolExhaustedError} when no block is free
   * @throws {PoolDisposedError}
   */
  rent(length: number): Secret {
    if (this.#disposed) throw new PoolDisposedError("rent a secret");
    if (!Number.isInteger(length) || length < 1 || length > this.blockSize) {
      throw new SecretLengthError(length, this.blockSize);
    }
    if (this.#freeCount === 0) throw new PoolExhaustedError(this.blockCount);
    const blockIndex = this.#free[--this.#freeCount]!;
    const address = this.#mapping.address + blockIndex * this.blockSize;
    const secret = new Secret(this, blockIndex, address, length);
    this.#renters[blockIndex] = secret;
    return secret;
  }

  /**
   * Zeroes a secret's block and takes it back; the same as disposing the secret.
   *
   * @throws {ForeignSecretError} when another pool rented it out
   * @throws {SecretReturnedError} when it has been returned
   * @throws {SecretHeldError} when input or output on it is under way
   * @throws {PoolDisposedError} when the pool was disposed first, which zeroed it
   */
  giveBack(secret: Secret): void {
    const { blockIndex } = secret;
    if (this.#renters[blockIndex] !== secret) {
      if (this.#disposed) throw new PoolDisposedError("return a secret");
      if (secret.returned) throw new SecretReturnedError("return a secret");
      throw new ForeignSecretError();
    }
    secret.retire("return a secret");
    const start = blockIndex * this.blockSize;
    this.#whole.fill(0, start, start + this.blockSize);
    this.#renters[blockIndex] = undefined;
    this.#free[this.#freeCount++] = blockIndex;
  }

  /** For Secret only: a view onto a block. */
  viewOf(blockIndex: number, length: number): Uint8Array<ArrayBuffer> {
    const offset = blockIndex * this.blockSize;
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.#base, length, offset));
  }

  /** For Secret only: the beginning of a block, as long as `target` is. */
  copyBlock(blockIndex: number, target: Uint8Array): void {
    const start = blockIndex * this.blockSize;
    target.set(this.#whole.subarray(start, start + target.length));
  }

  /**
   * Zeroes everything, cuts off every secret still rented, and unmaps. Disposing again does nothing.
   *
   * @throws {SecretHeldError} while input or output on a block is under way: the pool stays as it is
   */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    if (this.#renters.some((secret) => secret?.held)) throw new SecretHeldError("dispose the pool");
    this.#disposed = true;
    for (const secret of this.#renters) secret?.retire("dispose the pool");
    this.#renters.fill(undefined);
    this.#freeCount = this.blockCount;
    this.#whole.fill(0);
    this.#whole.buffer.transfer();
    this.#mapping.unmap();
  }
}

function checkSize(parameter: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > mostBytes) {
    throw new InvalidPoolOptionError(parameter, value, `a whole number from 1 to ${mostBytes}`);
  }
}
