import { cpuBetween, readCpu } from "../measure/cpu_time.ts";
import { percentile } from "../measure/statistics.ts";
import { lagP99 } from "./lag.ts";
import { closedLoop, type LoadOutcome, openLoop } from "./load.ts";
import type { LoadConnection } from "./load_connection.ts";
import type { MeasuredKey, Stage } from "./stage.ts";

/** How a key server is loaded: so many requests in flight in all, or arrivals at a rate; from so many edges. */
export type Load =
  | { readonly kind: "in-flight"; readonly edges: number; readonly inFlight: number }
  | { readonly kind: "rate"; readonly edges: number; readonly rate: number };

/** What the key server did under one load. Latencies in milliseconds. */
export interface WireResult {
  readonly key: MeasuredKey;
  readonly load: Load;
  readonly signatures: number;
  /** Requests that were refused for too much load; their latencies do not count. */
  readonly refused: number;
  /** Signatures that were verified afterwards. */
  readonly verified: number;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Microseconds of the key server's process for one signature. */
  readonly serverCpu: number;
  /** Microseconds of the load's own process for one signature. */
  readonly loadCpu: number;
  /** Milliseconds that 99 of 100 samples of the event loop's lag stayed within; a bucket's bound. */
  readonly lagP99: number | undefined;
}

const warmUpSeconds = 0.3;

/** Loads the key server for some seconds after a warm-up. Throws when it refuses, or signs wrongly. */
export async function measure(
  stage: Stage,
  key: MeasuredKey,
  load: Load,
  seconds: number,
): Promise<WireResult> {
  const connections = await stage.connect(key, load.edges);
  try {
    const warm = { kind: "in-flight", edges: load.edges, inFlight: Math.max(load.edges, 16) } as const;
    await apply(connections, warm, Math.min(warmUpSeconds, seconds));
    const [lagBefore, serverBefore, loadBefore] = [
      await stage.lagBuckets(),
      await readCpu([stage.pid]),
      await readCpu([Deno.pid]),
    ];
    const { signatures, latencies, seconds: took } = await apply(connections, load, seconds);
    const loadCpu = cpuBetween(loadBefore, await readCpu([Deno.pid])) / signatures;
    const serverCpu = cpuBetween(serverBefore, await readCpu([stage.pid])) / signatures;
    return {
      key,
      load,
      signatures,
      refused: connections.reduce((sum, { refused }) => sum + refused, 0),
      verified: await stage.verify(key, connections),
      rate: signatures / took,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      p999: percentile(latencies, 0.999),
      serverCpu,
      loadCpu,
      lagP99: lagP99(lagBefore, await stage.lagBuckets()),
    };
  } finally {
    for (const connection of connections) connection[Symbol.dispose]();
  }
}

function apply(connections: readonly LoadConnection[], load: Load, seconds: number): Promise<LoadOutcome> {
  return load.kind === "rate"
    ? openLoop(connections, load.rate, seconds)
    : closedLoop(connections, load.inFlight, seconds);
}
