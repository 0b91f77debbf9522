import type { Contender } from "../contender.ts";
import { type Cell, everyServer } from "./cell.ts";

/** What each contender held before its first idle connection. */
const baselines = new WeakMap<Contender, Memory>();

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * KiB of memory of the terminating processes for each of many idle connections, the backend's side of each included and
 * the kernel's socket buffers not; and how soon each echoes a byte when all are asked at once.
 */
export const idleCell = (workers: number): Cell => ({
  name: "idle",
  setup: { workers, logs: false },
  contenders: everyServer,
  warmUp: async ({ load, contender, effort }) => {
    const target = contender.target("ecdsa");
    const options = {
      version: "1.3",
      concurrency: 64,
      seconds: 100,
      count: effort.warmUpHandshakes,
    } as const;
    await (await load.handshakes(target, options)).go();
  },
  measure: async ({ load, contender, effort }) => {
    // Of the first round: a server keeps what it has once allocated, so later rounds find it there.
    const before = baselines.get(contender) ?? await memoryOf(contender);
    baselines.set(contender, before);
    const run = await load.idle(contender.target("ecdsa"), effort.connections);
    await pause(effort.idleSeconds);
    const after = await memoryOf(contender);
    const result = await run.go();
    await pause(1);
    const each = (bytes: number) => bytes / effort.connections / 1024;
    return {
      "KiB each": each(after.proportional - before.proportional + after.pooled - before.pooled),
      "workers": workers,
      "KiB RSS each": each(after.resident - before.resident),
      "connections": result.connections,
      "echoes": result.echoes,
      "echoes within 1 s": result.withinOneSecond,
      "longest echo ms": result.longest / 1000,
    };
  },
});

interface Memory {
  readonly resident: number;
  readonly proportional: number;
  readonly pooled: number;
}

/** Bytes, of all terminating processes. */
async function memoryOf(contender: Contender): Promise<Memory> {
  let [resident, proportional] = [0, 0];
  for (const pid of (await contender.roles()).terminator) {
    const rollup = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
    const bytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]) * 1024;
    resident += bytes("Rss");
    proportional += bytes("Pss");
  }
  return { resident, proportional, pooled: await contender.pooledBytes() };
}
