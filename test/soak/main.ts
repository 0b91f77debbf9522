import { parseArgs } from "node:util";
import { memoryHeld } from "../fuzz/memory.ts";
import { Soak } from "./soak.ts";

const usage = `deno task soak [--handshakes 100000] [--warm-up 50000]

Handshakes of every kind, good and cut short in every state by abort, alert, timeout and own failure. Afterwards the
pools must hold what they held before, and the process must not have grown by 10 bytes a handshake. Exit 1 otherwise.`;

const bytesAllowed = 10;
/** Samples of the resident size; the growth is the slope of a line through them. */
const samples = 20;

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= samples) return value;
  say(`Cannot run ${text} handshakes: a whole number from ${samples} is wanted`);
  Deno.exit(2);
}

/** Bytes a handshake: least squares over all samples, because single ones jump by pages and heap chunks. */
function slope(points: readonly (readonly [handshakes: number, bytes: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, bytes]) => bytes))];
  const covariance = mean(points.map(([at, bytes]) => (at - x) * (bytes - y)));
  return covariance / mean(points.map(([at]) => (at - x) ** 2));
}

const { values } = parseArgs({
  options: {
    "handshakes": { type: "string", default: "100000" },
    "warm-up": { type: "string", default: "50000" },
    "help": { type: "boolean", default: false },
  },
});
if (values.help) {
  say(usage);
  Deno.exit(0);
}

const [handshakes, warmUp] = [count(values.handshakes), count(values["warm-up"])];
using soak = await Soak.create();
const began = performance.now();
soak.run(warmUp);
const blocks = soak.blocksInUse;
soak.counts.clear();
const points: [number, number][] = [[0, memoryHeld().resident]];
for (let sample = 1; sample <= samples; sample++) {
  soak.run(Math.floor(handshakes * sample / samples) - Math.floor(handshakes * (sample - 1) / samples));
  points.push([Math.floor(handshakes * sample / samples), memoryHeld().resident]);
}
const seconds = (performance.now() - began) / 1000;
const growth = slope(points);
const blocksGrown = soak.blocksInUse - blocks;

for (const [outcome, times] of [...soak.counts].toSorted()) say(`${String(times).padStart(8)}  ${outcome}`);
say(`${handshakes} handshakes after ${warmUp} to warm up, ${seconds.toFixed(0)} s`);
say(`pool blocks: ${blocksGrown} more than before`);
say(`resident size: ${points.map(([, bytes]) => (bytes / 2 ** 20).toFixed(1)).join(" ")} MiB`);
say(`growth: ${growth.toFixed(2)} bytes a handshake, ${bytesAllowed} are allowed`);
Deno.exit(blocksGrown === 0 && growth < bytesAllowed ? 0 : 1);
