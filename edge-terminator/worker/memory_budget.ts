import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { memoryLockLimit } from "../../shared/libc/bindings.ts";

/** Blocks that a connection rents while it is open: two traffic secrets, two keys, two IVs, and one to spare for a key update. */
export const blocksOpen = 7;
/** Blocks that a handshake rents at its peak: the schedule's secrets and both directions' handshake keys besides. */
export const blocksHandshaking = 16;

/** What locked memory a worker has and needs, for the log at its start. Bytes and blocks. */
export interface MemoryBudget {
  readonly backing: string;
  readonly poolBytes: number;
  readonly secureHeapBytes: number;
  /** RLIMIT_MEMLOCK; null: no limit. */
  readonly lockLimitBytes: number | null;
  readonly blocks: number;
  readonly blocksForConnections: number;
  readonly connections: number;
  /** Connections that the pool has blocks for, were all of them open and none in its handshake. */
  readonly connectionsAtOnce: number;
  readonly isEnough: boolean;
}

/** Sets what the pool holds against what `connections` open connections need. */
export function memoryBudget(pool: LockedPool, connections: number, secureHeapBytes: number): MemoryBudget {
  const { soft } = memoryLockLimit();
  const blocksForConnections = connections * blocksOpen;
  return {
    backing: pool.backing,
    poolBytes: pool.mappedBytes,
    secureHeapBytes,
    lockLimitBytes: Number.isFinite(soft) ? soft : null,
    blocks: pool.blockCount,
    blocksForConnections,
    connections,
    connectionsAtOnce: Math.floor(pool.blockCount / blocksOpen),
    isEnough: blocksForConnections <= pool.blockCount,
  };
}
