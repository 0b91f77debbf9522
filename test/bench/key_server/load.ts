import { Arrivals } from "./arrivals.ts";
import type { LoadConnection } from "./load_connection.ts";

/** What came of some seconds of load. Times in milliseconds. */
export interface LoadOutcome {
  readonly signatures: number;
  readonly seconds: number;
  /** From when each request was due to its answer, ascending. */
  readonly latencies: readonly number[];
}

/** Keeps `inFlight` requests in flight, spread over the connections: each answer is followed by a request. */
export async function closedLoop(
  connections: readonly LoadConnection[],
  inFlight: number,
  seconds: number,
): Promise<LoadOutcome> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  await Promise.all(connections.map(async (connection, index) => {
    const share = Math.floor((inFlight + index) / connections.length);
    const times = (count: number) => new Array<number>(count).fill(performance.now());
    if (share > 0) connection.send(times(share));
    while (connection.inFlight > 0) {
      const answered = await connection.read();
      for (const latency of answered) latencies.push(latency);
      if (performance.now() < end) connection.send(times(answered.length));
    }
  }));
  return outcome(latencies, start);
}

/** Sends requests at a rate, whether or not the earlier ones are answered; latencies count from when each was due. */
export async function openLoop(
  connections: readonly LoadConnection[],
  rate: number,
  seconds: number,
): Promise<LoadOutcome> {
  using arrivals = await Arrivals.start(rate, seconds);
  const latencies: number[] = [];
  const start = arrivals.timeOf(0);
  const expected = connections.map((_, place) =>
    Math.floor((arrivals.count + connections.length - 1 - place) / connections.length)
  );
  const reading = connections.map(async (connection, place) => {
    const refusedBefore = connection.refused;
    for (let read = 0; read + connection.refused - refusedBefore < expected[place]!;) {
      const answered = await connection.read();
      read += answered.length;
      for (const latency of answered) latencies.push(latency);
    }
  });
  const sending = async () => {
    for (let seen = 0; seen < arrivals.count;) {
      const come = await arrivals.moreThan(seen);
      for (; seen < come; seen++) {
        const place = seen % connections.length;
        connections[place]!.send([arrivals.timeOf(seen)]);
      }
    }
  };
  await Promise.all([sending(), ...reading]);
  return outcome(latencies, start);
}

function outcome(latencies: number[], start: number): LoadOutcome {
  const seconds = (performance.now() - start) / 1000;
  return { signatures: latencies.length, seconds, latencies: latencies.toSorted((a, b) => a - b) };
}
