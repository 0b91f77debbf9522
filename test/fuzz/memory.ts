import v8 from "node:v8";
import vm from "node:vm";

/** What a process still holds after a garbage collection, in bytes. */
export interface MemoryHeld {
  readonly heap: number;
  /** Buffers outside the JavaScript heap. */
  readonly external: number;
  readonly resident: number;
}

const mebibyte = 2 ** 20;

/** Growth that says nothing yet: compiled code, caches, the fuzzer's own seeds. */
const allowance: MemoryHeld = { heap: 12 * mebibyte, external: 12 * mebibyte, resident: 96 * mebibyte };

let collect: (() => void) | undefined;

export function memoryHeld(): MemoryHeld {
  if (collect === undefined) {
    v8.setFlagsFromString("--expose-gc");
    collect = vm.runInNewContext("gc") as () => void;
  }
  collect();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { heap: heapUsed, external, resident: rss };
}

/** Words for a growth beyond the allowance; undefined when there is none. */
export function growth(before: MemoryHeld, after: MemoryHeld): string | undefined {
  const kinds = Object.keys(allowance) as (keyof MemoryHeld)[];
  const grown = kinds.filter((kind) => after[kind] - before[kind] > allowance[kind])
    .map((kind) => `${kind} by ${Math.round((after[kind] - before[kind]) / mebibyte)} MiB`);
  return grown.length === 0 ? undefined : `after warm-up memory grew: ${grown.join(", ")}`;
}
