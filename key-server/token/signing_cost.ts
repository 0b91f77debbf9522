import type { Handle } from "pkcs11js";
import type { SessionPool } from "./session_pool.ts";
import type { TokenInput } from "./signing_methods.ts";

/** What one signature with a kind of key takes, in microseconds. */
export interface SigningCost {
  readonly wall: number;
  /** Of this process's own work; far less than `wall` where a device or a network does it. */
  readonly cpu: number;
}

/** The longest signature, in microseconds, for which the way to another thread and back is worth sharing. */
const longest = 20_000;

/** Times that a signature is made to learn its cost: the shortest tells, the others were interrupted. */
const trials = 4;

const neverLate = () => false;

/**
 * Whether signatures are made one after the other by threads that compute (true), or each by a thread that waits for its
 * session's answer (false). Computing gains nothing from more threads than cores; waiting does.
 */
export function isComputedHere({ wall, cpu }: SigningCost): boolean {
  return wall <= longest && cpu >= wall / 2;
}

/** Measures by signing, first in the way that needs no threads, then in one. Throws as SessionPool.sign. */
export async function measureSigningCost(
  pool: SessionPool,
  key: Handle,
  input: TokenInput,
): Promise<SigningCost> {
  const unthreaded = await best(async () => {
    const began = performance.now();
    await pool.sign(key, input, neverLate);
    return { wall: (performance.now() - began) * 1000, cpu: 0 };
  });
  if (unthreaded.wall > longest || !await pool.startThreads()) return unthreaded;
  return await best(() => pool.timeInThread(key, input));
}

async function best(measure: () => Promise<SigningCost>): Promise<SigningCost> {
  let least = await measure();
  for (let trial = 1; trial < trials; trial++) {
    const cost = await measure();
    if (cost.wall < least.wall) least = cost;
  }
  return least;
}
