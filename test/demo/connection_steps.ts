import type { CurlResult } from "../harness/clients/curl.ts";
import { poll } from "../harness/poll.ts";
import type { System } from "../harness/system.ts";
import type { Screen } from "./screen.ts";

/** The edge's log record of a handshake, as far as the demo shows it. */
interface HandshakeRecord {
  readonly client: string;
  readonly version: string;
  readonly cipherSuite: string;
  readonly group: string;
  readonly signatureScheme: string;
  readonly timeline: Readonly<
    Record<"clientHello" | "signatureRequested" | "signatureAnswered" | "finished", number>
  >;
}

/** The key server's and the edge's own words about the first connection, printed step by step. */
export async function showSteps(system: System, page: CurlResult, screen: Screen): Promise<void> {
  const record = await poll("the edge's record of the handshake", () => handshakes(system)[0]);
  const { client, version, cipherSuite, group, signatureScheme, timeline } = record;
  const { clientHello, signatureRequested, signatureAnswered, finished } = timeline;
  const signing = 1000 *
    await system.keyServer.metric("holdfast_key_server_operation_seconds_sum", { operation: "sign-tls13" });
  screen.line(`  ${version}, ${cipherSuite}, ${group}, ${signatureScheme}; client ${client}`);
  screen.line();
  const steps: readonly [number, string, string][] = [
    [0, "edge", "accepts the connection"],
    [clientHello, "edge", `has the ClientHello, which asks for ${system.endpoint.serverName}`],
    [signatureRequested, "edge", "has ServerHello to Certificate ready; asks the key server to sign"],
    [
      signatureAnswered,
      "edge",
      `has the signature; the key server took ${signing.toFixed(1)} ms to check and sign`,
    ],
    [finished, "edge", "has the client's Finished: the connection is up"],
    [page.handshakeSeconds * 1000, "curl", "took this long for its handshake, by its own clock"],
  ];
  for (const [at, who, what] of steps) {
    screen.line(`  ${at.toFixed(1).padStart(7)} ms  ${who.padEnd(6)}  ${what}`);
  }
}

/** The medians of connections that have been made so far, in one line: the first ones wait for the compiler. */
export function showMedians(system: System, screen: Screen): void {
  const timelines = handshakes(system).map(({ timeline }) => timeline);
  const whole = median(timelines.map(({ finished }) => finished));
  const signature = median(timelines.map((steps) => steps.signatureAnswered - steps.signatureRequested));
  screen.line();
  screen.line(
    `  The first connection waits for the compiler: over ${timelines.length} the median is ` +
      `${whole.toFixed(1)} ms, ${signature.toFixed(1)} ms of it for the signature.`,
  );
}

function handshakes({ edge }: System): HandshakeRecord[] {
  const ended = edge.records.filter(({ event, result }) => event === "handshake" && result === "ok");
  return ended as unknown as HandshakeRecord[];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
