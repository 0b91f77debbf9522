import { type Load, measure, type WireResult } from "./measurement.ts";
import type { RawResult, RawWay } from "./raw/job.ts";
import { type MeasuredKey, measuredKeys, sessions, type Stage } from "./stage.ts";

/** C_Sign without a key server. */
export interface RawFigure extends RawResult {
  readonly key: MeasuredKey;
  readonly way: RawWay;
}

/** One key's figures: of the token alone, and of the key server before it. */
export interface KeyFigures {
  readonly key: MeasuredKey;
  readonly raw: readonly RawFigure[];
  readonly wire: readonly WireResult[];
}

export interface BenchOptions {
  readonly seconds: number;
  /** Only keys and loads whose name contains this. */
  readonly only: string;
  readonly inFlight: readonly number[];
  readonly edges: readonly number[];
}

/** In flight from all edges together, where edges are what varies. */
const inFlightOfEdges = 256;

/** Edges that share half load. */
const halfLoadEdges = 4;

/** The name of a load, for tables and for --only. */
export function loadName(load: Load): string {
  const edges = load.edges === 1 ? "1 edge" : `${load.edges} edges`;
  return load.kind === "rate" ? `half load, ${edges}` : `${load.inFlight} in flight, ${edges}`;
}

/** The fastest that the token alone was seen to be with a key, signatures a second. */
export function rawCeiling({ raw }: Pick<KeyFigures, "raw">): number {
  return Math.max(...raw.filter(({ way }) => way.kind !== "arrivals").map(({ rate }) => rate));
}

/** Measures every key that is wanted, the token alone right before the key server with the same key. */
export async function runBench(
  stage: Stage,
  options: BenchOptions,
  progress: (text: string) => void,
): Promise<KeyFigures[]> {
  const figures: KeyFigures[] = [];
  for (const { name: key } of measuredKeys) {
    const loads = closedLoads(options).filter((load) => isWanted(options, key, load));
    const half = { kind: "rate", edges: Math.min(halfLoadEdges, stage.edges), rate: 0 } as const;
    const wantsHalf = isWanted(options, key, half);
    if (loads.length === 0 && !wantsHalf) continue;
    const raw: RawFigure[] = [];
    const measureRaw = async (way: RawWay) => {
      progress(`${key}: ${way.kind}`);
      raw.push({ key, way, ...await stage.raw(key, way, options.seconds) });
    };
    for (const way of rawWays()) await measureRaw(way);
    const rate = rawCeiling({ raw }) / 2;
    const wire: WireResult[] = [];
    if (wantsHalf) {
      await measureRaw({ kind: "arrivals", count: sessions, rate });
      loads.unshift({ ...half, rate });
    }
    for (const load of loads) {
      progress(`${key}: ${loadName(load)}`);
      wire.push(await measure(stage, key, load, options.seconds));
    }
    figures.push({ key, raw, wire });
  }
  return figures;
}

function rawWays(): RawWay[] {
  const cores = navigator.hardwareConcurrency;
  return [{ kind: "thread" }, { kind: "threads", count: cores }, { kind: "sessions", count: sessions }];
}

function closedLoads({ inFlight, edges }: BenchOptions): Load[] {
  return [
    ...inFlight.map((count): Load => ({ kind: "in-flight", edges: 1, inFlight: count })),
    ...edges.map((count): Load => ({ kind: "in-flight", edges: count, inFlight: inFlightOfEdges })),
  ];
}

function isWanted({ only }: BenchOptions, key: MeasuredKey, load: Load): boolean {
  return `${key}, ${loadName(load)}`.includes(only);
}
