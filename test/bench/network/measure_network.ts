import type { HandshakesOptions } from "../load/load_program.ts";
import type { Link } from "./link.ts";
import type { NetworkStage } from "./stage.ts";

export interface NetworkEffort {
  /** Round trips between edge and key server, in milliseconds. */
  readonly roundTrips: readonly number[];
  readonly rounds: number;
  /** Handshakes of each kind in one round, one after the other. */
  readonly handshakes: number;
  readonly warmUpHandshakes: number;
}

export const versions = ["1.3", "1.2"] as const;

/** One round at one delay, for one version of TLS. Milliseconds, medians of the round's handshakes. */
export interface NetworkSample {
  readonly round: number;
  /** What the link was set to. */
  readonly setRoundTrip: number;
  /** What a byte takes over it, there and back, on an open TCP connection. */
  readonly roundTrip: number;
  readonly version: HandshakesOptions["version"];
  readonly keyless: number;
  readonly localKey: number;
  readonly keylessResumed: number;
  readonly localKeyResumed: number;
  /** Handshakes that the load generator completed through the edge. */
  readonly handshakes: number;
}

/** Alternates between the delays, and at each between the edge and the same engine with a local key. */
export async function measureNetwork(
  stage: NetworkStage,
  link: Link,
  { roundTrips, rounds, handshakes, warmUpHandshakes }: NetworkEffort,
): Promise<NetworkSample[]> {
  const run = async (
    target: typeof stage.keyless,
    options: Pick<HandshakesOptions, "version" | "resume">,
    count: number,
  ) => {
    const prepared = await stage.load.handshakes(target, { ...options, count, concurrency: 1, seconds: 100 });
    const result = await prepared.go();
    const resumed = options.resume === true ? count : 0;
    if (result.handshakes !== count || result.resumed !== resumed) {
      throw new Error(`Cannot measure: ${JSON.stringify(result)} of ${count}`);
    }
    return result;
  };
  await link.setRoundTrip(0);
  for (const version of versions) {
    for (const target of [stage.keyless, stage.localKey]) {
      for (const resume of [false, true]) await run(target, { version, resume }, warmUpHandshakes);
    }
  }
  const samples: NetworkSample[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const setRoundTrip of round % 2 === 1 ? roundTrips : roundTrips.toReversed()) {
      await link.setRoundTrip(setRoundTrip);
      for (const version of versions) {
        const roundTrip = (await (await stage.load.roundTrips(stage.echo, handshakes)).go()).p50 / 1000;
        const median = async (target: typeof stage.keyless, resume: boolean) =>
          (await run(target, { version, resume }, handshakes)).p50 / 1000;
        samples.push({
          ...{ round, setRoundTrip, roundTrip, version },
          localKey: await median(stage.localKey, false),
          keyless: await median(stage.keyless, false),
          keylessResumed: await median(stage.keyless, true),
          localKeyResumed: await median(stage.localKey, true),
          handshakes: 2 * handshakes,
        });
      }
    }
  }
  return samples;
}
