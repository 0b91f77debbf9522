import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";

/** A pool of this process that remembers every secret that was ever in it: the audit's client works from one. */
export interface RecordingPool extends Disposable {
  readonly pool: LockedPool;
  /** Every secret so far, those that are still rented included, without repetition. */
  recorded(): Uint8Array[];
}

export function recordingPool(): RecordingPool {
  const pool = LockedPool.open({ totalBytes: 64 * 128, backing: "mlock" });
  const { rent, giveBack } = pool;
  const live = new Set<Secret>();
  const seen = new Map<string, Uint8Array>();
  const record = (secret: Secret) => seen.set(secret.bytes.toHex(), secret.bytes.slice());
  pool.rent = function (length) {
    const secret = rent.call(pool, length);
    live.add(secret);
    return secret;
  };
  pool.giveBack = function (secret) {
    if (!secret.returned) record(secret);
    live.delete(secret);
    giveBack.call(pool, secret);
  };
  return {
    pool,
    recorded() {
      live.forEach(record);
      return [...seen.values()];
    },
    [Symbol.dispose]: () => pool[Symbol.dispose](),
  };
}
