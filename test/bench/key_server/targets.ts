import { type KeyFigures, loadName, rawCeiling } from "./bench.ts";

/** One of the aims, and how near this run came to it. */
export interface Verdict {
  readonly aim: string;
  readonly found: string;
  readonly met: boolean;
}

const manyInFlight = 64;

/** What a run has to say about each aim that it has figures for. */
export function verdicts(figures: readonly KeyFigures[]): Verdict[] {
  return figures.flatMap((one) => [
    ...(one.key === "rsa-2048" ? share(one) : overhead(one)),
    ...halfLoad(one),
    ...lag(one),
  ]);
}

function busy({ wire }: KeyFigures) {
  return wire.filter(({ load }) => load.kind === "in-flight" && load.inFlight >= manyInFlight);
}

function share(figures: KeyFigures): Verdict[] {
  const aim = "rsa-2048: at least 0.9 of the token's own rate at 64 in flight or more";
  return busy(figures).map((wire) => {
    const ratio = wire.rate / rawCeiling(figures);
    return { aim, found: `${ratio.toFixed(2)} at ${loadName(wire.load)}`, met: ratio >= 0.9 };
  });
}

/** Above one thread's C_Sign, the cheapest that the token can be had. */
function overhead(figures: KeyFigures): Verdict[] {
  const alone = figures.raw.find(({ way }) => way.kind === "thread")!.cpuMicroseconds;
  const aim = "ecdsa-p256: at most 25 us of CPU above C_Sign itself";
  return busy(figures).map((wire) => {
    const above = wire.serverCpu - alone;
    return { aim, found: `${above.toFixed(1)} us at ${loadName(wire.load)}`, met: above <= 25 };
  });
}

/** Beside the token's own under the same arrivals, and beside its fastest possible in a loop. */
function halfLoad({ key, raw, wire }: KeyFigures): Verdict[] {
  const arrivals = raw.find(({ way }) => way.kind === "arrivals");
  const loop = raw.find(({ way }) => way.kind === "threads")!;
  const half = wire.find(({ load }) => load.kind === "rate");
  if (arrivals === undefined || half === undefined) return [];
  const [ratio, toLoop] = [half.p99 / arrivals.p99, half.p99 / loop.p99];
  const found = `${ratio.toFixed(2)} x the token's under the same arrivals, ${
    toLoop.toFixed(2)
  } x its own in a loop`;
  return [{
    aim: `${key}: p99 at half load under 4 x the token's own`,
    found,
    met: ratio < 4 && half.refused === 0,
  }];
}

function lag({ key, wire }: KeyFigures): Verdict[] {
  const bounds = wire.flatMap(({ lagP99 }) => lagP99 ?? []);
  if (bounds.length === 0) return [];
  const worst = Math.max(...bounds);
  const within = bounds.filter((bound) => bound <= 5).length;
  const found = `within ${worst} ms under every load, within 5 ms under ${within} of ${bounds.length}`;
  return [{ aim: `${key}: event loop lag p99 under 5 ms`, found, met: worst <= 5 }];
}
