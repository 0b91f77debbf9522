import { formatSpread, type Spread, spreadOf } from "../measure/statistics.ts";
import type { NetworkSample } from "./measure_network.ts";

/** Milliseconds that keyless may cost beyond the round trip. */
const overheadAtMost = 0.5;

/** All rounds at one delay for one version, in milliseconds. */
export interface NetworkLine {
  readonly version: string;
  readonly setRoundTrip: number;
  readonly roundTrip: Spread;
  readonly localKey: Spread;
  readonly keyless: Spread;
  /** What a full handshake takes longer with the key server than with a local key. */
  readonly added: Spread;
  /** `added` without the round trip. */
  readonly overhead: Spread;
  /** What a resumed handshake takes longer. */
  readonly addedResumed: Spread;
}

export function summarise(samples: readonly NetworkSample[]): NetworkLine[] {
  const groups = Map.groupBy(samples, ({ version, setRoundTrip }) => `${version} ${setRoundTrip}`);
  return [...groups.values()].map((rounds) => {
    const spread = (of: (sample: NetworkSample) => number) => spreadOf(rounds.map(of));
    const { version, setRoundTrip } = rounds[0]!;
    return {
      ...{ version, setRoundTrip },
      roundTrip: spread(({ roundTrip }) => roundTrip),
      localKey: spread(({ localKey }) => localKey),
      keyless: spread(({ keyless }) => keyless),
      added: spread(({ keyless, localKey }) => keyless - localKey),
      overhead: spread(({ keyless, localKey, roundTrip }) => keyless - localKey - roundTrip),
      addedResumed: spread(({ keylessResumed, localKeyResumed }) => keylessResumed - localKeyResumed),
    };
  }).toSorted((a, b) => b.version.localeCompare(a.version) || a.setRoundTrip - b.setRoundTrip);
}

export function networkTable(lines: readonly NetworkLine[]): { head: string[]; rows: string[][] } {
  const head = [
    "TLS",
    "delay ms",
    "round trip",
    "local key",
    "keyless",
    "added",
    "beyond round trip",
    "resumed",
  ];
  const rows = lines.map((line) => [
    line.version,
    String(line.setRoundTrip),
    ...[line.roundTrip, line.localKey, line.keyless, line.added, line.overhead, line.addedResumed].map(
      formatSpread,
    ),
  ]);
  return { head, rows };
}

/** What was meant to be, and whether it was. */
export function networkVerdicts(lines: readonly NetworkLine[]): string[] {
  return lines.map(({ version, setRoundTrip, overhead, addedResumed }) => {
    const words =
      `TLS ${version} at ${setRoundTrip} ms: ${overhead.median.toFixed(2)} ms beyond the round trip ` +
      `(wanted: at most ${overheadAtMost}); resumed ${
        addedResumed.median.toFixed(2)
      } ms more (wanted: no round trip)`;
    return `${overhead.median <= overheadAtMost ? "kept  " : "MISSED"}  ${words}`;
  });
}
