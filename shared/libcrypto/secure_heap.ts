import { libcrypto } from "./bindings.ts";
import { SecureHeapError } from "./errors.ts";

/** Bytes that ensureSecureHeap() takes: some hundred ephemeral keys at once. They count against RLIMIT_MEMLOCK. */
export const defaultSecureHeapBytes = 128 * 1024;

const smallestBlock = 32;

/**
 * Opens OpenSSL's secure heap, the locked and guarded memory where libcrypto keeps private scalars and MAC keys. One for
 * a process; open it at start, so that a limit that is too low shows then.
 *
 * @param bytes a power of two, 4096 or more
 * @throws {SecureHeapError} when it is open already, cannot be mapped, or cannot be locked: OpenSSL would go on with
 * memory that is not locked, we do not
 */
export function openSecureHeap(bytes: number = defaultSecureHeapBytes): void {
  if (!Number.isInteger(Math.log2(bytes)) || bytes < 4096 || bytes > 2 ** 30) {
    throw new SecureHeapError(`${bytes} bytes is no power of two from 4096 to 2^30`);
  }
  if (secureHeapIsOpen()) throw new SecureHeapError("it is open already");
  const result = libcrypto().CRYPTO_secure_malloc_init(bytes, smallestBlock);
  if (result === 1) return;
  if (result === 2) {
    libcrypto().CRYPTO_secure_malloc_done();
    throw new SecureHeapError(`${bytes} bytes cannot be locked; raise RLIMIT_MEMLOCK (LimitMEMLOCK=)`);
  }
  throw new SecureHeapError(`${bytes} bytes cannot be mapped`);
}

/** Whether this process has a secure heap. */
export function secureHeapIsOpen(): boolean {
  return libcrypto().CRYPTO_secure_malloc_initialized() === 1;
}

/** Bytes of the secure heap in use. */
export function secureHeapBytesUsed(): number {
  return Number(libcrypto().CRYPTO_secure_used());
}

let ensured = false;

/** Opens the secure heap with its default size unless it is open: no private scalar is ever made without it. */
export function ensureSecureHeap(): void {
  if (ensured) return;
  if (!secureHeapIsOpen()) openSecureHeap();
  ensured = true;
}
