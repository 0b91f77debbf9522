import type { HandshakesOptions, Target } from "../load/load_program.ts";
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
type Version = typeof versions[number];

/** One round at one delay, for one version of TLS. Milliseconds, medians of the round's handshakes. */
export interface NetworkSample {
  readonly round: number;
  /** What the link was set to. */
  readonly setRoundTrip: number;
  /** What a byte takes over it, there and back, on an open TCP connection. */
  readonly roundTrip: number;
  readonly version: Version;
  readonly keyless: number;
  readonly localKey: number;
  readonly keylessResumed: number;
  readonly localKeyResumed: number;
  /** Handshakes that the load generator completed, of each kind. */
  readonly handshakes: number;
}

/** Some handshakes of one kind, one after the other. */
interface Series {
  readonly target: Target;
  readonly version: Version;
  readonly resume: boolean;
  readonly count: number;
  readonly pause?: number;
}

/** Alternates between the delays, and at each between the edge and the same engine with a local key. */
export async function measureNetwork(
  stage: NetworkStage,
  link: Link,
  { roundTrips, rounds, handshakes, warmUpHandshakes }: NetworkEffort,
): Promise<NetworkSample[]> {
  await link.setRoundTrip(0);
  for (const version of versions) {
    for (const target of [stage.keyless, stage.localKey]) {
      for (const resume of [false, true]) {
        await median(stage, { target, version, resume, count: warmUpHandshakes });
      }
    }
  }
  const samples: NetworkSample[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const setRoundTrip of round % 2 === 1 ? roundTrips : roundTrips.toReversed()) {
      await link.setRoundTrip(setRoundTrip);
      for (const version of versions) {
        const times = await measureOnce(stage, version, setRoundTrip, handshakes);
        samples.push({ round, setRoundTrip, version, handshakes, ...times });
      }
    }
  }
  return samples;
}

async function measureOnce(stage: NetworkStage, version: Version, setRoundTrip: number, count: number) {
  const { keyless, localKey } = stage;
  // Who waits for the network comes back to a machine that has done something else since. Those that do not wait get
  // a pause instead, so that all run at one pace.
  const paced = { version, count, pause: setRoundTrip };
  return {
    roundTrip: (await (await stage.load.roundTrips(stage.echo, count)).go()).p50 / 1000,
    localKey: await median(stage, { ...paced, target: localKey, resume: false }),
    keyless: await median(stage, { version, count, target: keyless, resume: false }),
    keylessResumed: await median(stage, { ...paced, target: keyless, resume: true }),
    localKeyResumed: await median(stage, { ...paced, target: localKey, resume: true }),
  };
}

/** Milliseconds. */
async function median({ load }: NetworkStage, { target, count, resume, ...series }: Series): Promise<number> {
  const options: HandshakesOptions = { ...series, resume, count, concurrency: 1, seconds: 100 };
  const result = await (await load.handshakes(target, options)).go();
  if (result.handshakes !== count || result.resumed !== (resume ? count : 0)) {
    throw new Error(`Cannot measure: ${JSON.stringify(result)} of ${count}`);
  }
  return result.p50 / 1000;
}
