import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { memoryLockLimit } from "../../shared/libc/bindings.ts";

/** Blocks that an open connection rents: for each direction a traffic secret, a key and an IV. */
export const blocksOpen = 6;
/** Blocks that a handshake rents at most: the schedule's secrets beside the keys of both directions. */
export const blocksHandshaking = 12;

/** What locked memory a worker has and needs, for the log at its start. Bytes and blocks. */
export interface MemoryBudget {
  readonly backing: string;
  readonly poolBytes: number;
  readonly secureHeapBytes: number;
  /** RLIMIT_MEMLOCK; null: no limit. */
  readonly lockLimitBytes: number | null;
  readonly blocks: number;
  readonly blocksForConnections: number;
  readonly blocksForSessions: number;
  readonly connections: number;
  /** Connections that the pool has blocks for, were all of them open and none in its handshake. */
  readonly connectionsAtOnce: number;
  readonly isEnough: boolean;
}

/** What locked memory is for. */
export interface MemoryNeeds {
  readonly connections: number;
  /** Kept for clients to come back to, a block each. */
  readonly sessions: number;
  readonly secureHeapBytes: number;
}

/** Sets what the pool holds against what so many open connections and kept sessions need. */
export function memoryBudget(
  pool: LockedPool,
  { connections, sessions, secureHeapBytes }: MemoryNeeds,
): MemoryBudget {
  const { soft } = memoryLockLimit();
  const blocksForConnections = connections * blocksOpen;
  return {
    backing: pool.backing,
    poolBytes: pool.mappedBytes,
    secureHeapBytes,
    lockLimitBytes: Number.isFinite(soft) ? soft : null,
    blocks: pool.blockCount,
    blocksForConnections,
    blocksForSessions: sessions,
    connections,
    connectionsAtOnce: Math.floor(pool.blockCount / blocksOpen),
    isEnough: blocksForConnections + sessions <= pool.blockCount,
  };
}
