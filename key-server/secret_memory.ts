import { ConfigError } from "../shared/config/errors.ts";
import { memoryLockLimit } from "../shared/libc/bindings.ts";
import { defaultSecureHeapBytes, openSecureHeap } from "../shared/libcrypto/secure_heap.ts";
import type { Logger } from "../shared/log.ts";
import { LockedPool } from "../shared/memory/locked_pool.ts";
import type { KeyServerConfig } from "./config.ts";
import { isInToken } from "./config_rules.ts";

/** A block holds what an RSA-8192 key decrypts, and every smaller secret. */
const blockSize = 1024;
/** More than deriving and sealing take at once; they are done in one turn of the event loop, one after the other. */
const workingBlocks = 32;

/**
 * Opens the locked pool and OpenSSL's secure heap, once for the process. Throws ConfigError when the pool is too small for
 * the keys that decrypt, and the typed errors of the pool and the heap when memory cannot be locked: never goes on in
 * ordinary memory.
 */
export function openSecretMemory(config: KeyServerConfig, log: Logger): LockedPool {
  const { memory: { poolBytes, backing } } = config;
  const needed = blocksNeeded(config);
  if (poolBytes < needed * blockSize) {
    throw new ConfigError(config.file, [{
      key: "memory.pool_bytes",
      text: `is ${poolBytes}; expected ${needed * blockSize} or more for the sessions of keys that decrypt`,
    }]);
  }
  const pool = LockedPool.open({ totalBytes: poolBytes, blockSize, backing });
  try {
    openSecureHeap();
  } catch (error) {
    pool[Symbol.dispose]();
    throw error;
  }
  const { soft } = memoryLockLimit();
  log.info({
    event: "memory-budget",
    backing: pool.backing,
    poolBytes: pool.mappedBytes,
    secureHeapBytes: defaultSecureHeapBytes,
    lockLimitBytes: Number.isFinite(soft) ? soft : null,
    blocks: pool.blockCount,
    blocksNeeded: needed,
  }, "locked memory");
  return pool;
}

/** Each session of a token may be decrypting; each key that decrypts keeps its rejection secret. */
function blocksNeeded({ tokens, keys }: KeyServerConfig): number {
  const decrypting = keys.filter(({ purposes }) => purposes.includes("rsa-key-exchange"));
  const sessions = tokens
    .filter((token) => decrypting.some(({ uri }) => isInToken(uri, token.uri)))
    .reduce((sum, token) => sum + token.sessions, 0);
  return workingBlocks + decrypting.length + sessions;
}
