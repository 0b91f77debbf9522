import { checked, closeDescriptor, errno, libc, memfdSecret, memoryLockLimit } from "../libc/bindings.ts";
import { errnoName, LibcError } from "../libc/errors.ts";
import { MemoryLockLimitError, PoolBackingUnavailableError } from "./errors.ts";

/** What keeps the pages out of swap: memfd_secret(2), or anonymous memory under mlock(2). */
export type PoolBacking = "secretmem" | "mlock";

const PROT_NONE = 0;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MADV_DONTFORK = 10;
const MADV_DONTDUMP = 16;
const ENOMEM = 12;
const EAGAIN = 11;
const EPERM = 1;
const ENOSYS = 38;
const MAP_FAILED = 2n ** 64n - 1n;

/** The size of a page of memory in bytes. */
export function pageSize(): number {
  return libc().getpagesize();
}

/**
 * Locked, zeroed, readable and writable memory between two guard pages that fault on any access.
 *
 * The pages are out of swap and of core dumps and absent in forked children; with secretmem also out of the
 * kernel's direct map and of hibernation images. Both kinds count against RLIMIT_MEMLOCK.
 */
export class LockedMapping {
  /** Address of the first usable byte. */
  readonly address: number;
  /** Usable bytes: whole pages. */
  readonly length: number;
  readonly backing: PoolBacking;

  private constructor(address: number, length: number, backing: PoolBacking) {
    this.address = address;
    this.length = length;
    this.backing = backing;
  }

  /**
   * @param length bytes, a multiple of pageSize()
   * @param backing "auto" takes secretmem where the kernel has it; a limit that is too low never changes the choice
   * @throws {MemoryLockLimitError} when RLIMIT_MEMLOCK is too low; nothing stays mapped
   * @throws {PoolBackingUnavailableError} when "secretmem" was asked for and the kernel has none
   */
  static map(length: number, backing: PoolBacking | "auto"): LockedMapping {
    if (backing === "mlock") return LockedMapping.#mapOn(undefined, length);
    const descriptor = memfdSecret();
    if (descriptor >= 0) {
      try {
        return LockedMapping.#mapOn(descriptor, length);
      } finally {
        closeDescriptor(descriptor); // the mapping keeps the pages; no descriptor can leak to a child
      }
    }
    // A kernel without it says ENOSYS, a container's seccomp filter EPERM: neither is a failed lock.
    const unavailable = descriptor === -ENOSYS || descriptor === -EPERM;
    if (backing === "auto" && unavailable) return LockedMapping.#mapOn(undefined, length);
    if (unavailable) {
      throw new PoolBackingUnavailableError("secretmem", `memfd_secret fails with ${errnoName(-descriptor)}`);
    }
    throw new LibcError("open secret memory", "memfd_secret", -descriptor);
  }

  static #mapOn(descriptor: number | undefined, length: number): LockedMapping {
    const guard = pageSize();
    const reserved = length + 2 * guard;
    const start = mapPages(0, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    const address = start + guard;
    try {
      if (descriptor === undefined) lockAnonymousPages(address, length);
      else mapSecretPages(descriptor, address, length);
      // A forked child (every spawned process, until its exec) must not inherit the secrets.
      checked(libc().madvise(address, length, MADV_DONTFORK), "hide the pool from children", "madvise");
      checked(libc().madvise(address, length, MADV_DONTDUMP), "keep the pool out of core dumps", "madvise");
    } catch (error) {
      libc().munmap(start, reserved);
      throw error;
    }
    return new LockedMapping(address, length, descriptor === undefined ? "mlock" : "secretmem");
  }

  /** Unmaps pages and guards; any view onto them must be detached before. */
  unmap(): void {
    const guard = pageSize();
    checked(libc().munmap(this.address - guard, this.length + 2 * guard), "unmap the pool", "munmap");
  }
}

function mapSecretPages(descriptor: number, address: number, length: number): void {
  checked(libc().ftruncate(descriptor, BigInt(length)), "size secret memory", "ftruncate");
  try {
    mapPages(address, length, PROT_READ_WRITE, MAP_SHARED | MAP_FIXED, descriptor);
  } catch (error) {
    throw isOverLimit(error) ? new MemoryLockLimitError(length, memoryLockLimit().soft) : error;
  }
}

function lockAnonymousPages(address: number, length: number): void {
  checked(libc().mprotect(address, length, PROT_READ_WRITE), "open the pool's pages", "mprotect");
  if (libc().mlock(address, length) === 0) return;
  const reason = errno();
  if (reason === ENOMEM || reason === EPERM || reason === EAGAIN) {
    throw new MemoryLockLimitError(length, memoryLockLimit().soft);
  }
  throw new LibcError("lock the pool's pages", "mlock", reason);
}

function mapPages(address: number, length: number, protection: number, flags: number, fd: number): number {
  const result = libc().mmap(address, length, protection, flags, fd, 0n);
  if (result === MAP_FAILED) throw new LibcError(`map ${length} bytes of memory`, "mmap", errno());
  return Number(result);
}

function isOverLimit(error: unknown): boolean {
  return error instanceof LibcError && error.errno === EAGAIN;
}
