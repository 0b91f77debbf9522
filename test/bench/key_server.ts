/**
 * Signatures a second over the wire beside raw C_Sign of the same token and keys, in one run:
 * `deno run -A test/bench/key_server.ts`. CPU is the key server's own, from /proc. Ratios are what to compare.
 */
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { KeyServerSetup } from "../../key-server/test_setup.ts";
import type { SignTls13Request } from "../../shared/keyless_protocol/operations.ts";
import type { TestClient } from "../../key-server/test_client.ts";
import { mustRun } from "../harness/command.ts";
import type { RawSigningJob, RawSigningResult } from "./raw_signing.ts";

const seconds = 3;
const table = new Table({
  head: ["key", "way", "in flight", "signatures/s", "x raw", "CPU us/signature", "p50 ms", "p99 ms"],
  style: { head: [], border: [] },
});

interface Measured {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicroseconds: number;
}

/** Raw C_Sign in a process of its own, so that no two users of the module meet. */
async function raw(setup: KeyServerSetup, label: string, sessions: number): Promise<RawSigningResult> {
  const { uri, pinFile, env } = setup.installation.token;
  const job: RawSigningJob = { uri, pinFile, label, seconds, sessions };
  const program = fileURLToPath(new URL("raw_signing.ts", import.meta.url));
  const args = ["run", "--quiet", "--cached-only", "-A", program];
  const { stdout } = await mustRun(Deno.execPath(), args, { input: JSON.stringify(job), env });
  return JSON.parse(stdout) as RawSigningResult;
}

/** User and system time of a process so far, in microseconds; the clock tick of Linux is 10 ms. */
async function cpuOf(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Keeps `inFlight` requests in flight on one connection. */
async function overTheWire(
  setup: KeyServerSetup,
  client: TestClient,
  request: SignTls13Request,
  inFlight: number,
): Promise<Measured> {
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1000;
  const before = await cpuOf(setup.server.pid);
  const sent = new Map<number, number>();
  const send = async () => {
    const began = performance.now();
    sent.set(await client.send(request), began);
  };
  for (let i = 0; i < inFlight; i++) await send();
  while (sent.size > 0) {
    const { id, answer } = await client.next();
    if (answer.type !== "signature") throw new Error(`Cannot measure: ${JSON.stringify(answer)}`);
    latencies.push(performance.now() - sent.get(id)!);
    sent.delete(id);
    if (performance.now() < end) await send();
  }
  const cpu = await cpuOf(setup.server.pid) - before;
  latencies.sort((a, b) => a - b);
  return {
    rate: latencies.length / seconds,
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    cpuMicroseconds: cpu / latencies.length,
  };
}

await using setup = await KeyServerSetup.start({ patch: { log: { level: "warn" } } });
using client = await setup.dial();
for (const key of ["www-ecdsa", "www-rsa"]) {
  const one = await raw(setup, key, 1);
  const parallel = await raw(setup, key, 4);
  const rawCpu = (cpu: number) => cpu.toFixed(0);
  table.push([key, "raw C_Sign", 1, one.rate.toFixed(0), "1.00", rawCpu(one.cpuMicroseconds), "", ""]);
  const ratio = (rate: number) => (rate / Math.max(one.rate, parallel.rate)).toFixed(2);
  table.push([
    key,
    "raw C_SignAsync",
    4,
    parallel.rate.toFixed(0),
    ratio(parallel.rate),
    rawCpu(parallel.cpuMicroseconds),
    "",
    "",
  ]);
  const request = await setup.request(key);
  for (const inFlight of [1, 8, 64, 512]) {
    const { rate, p50, p99, cpuMicroseconds } = await overTheWire(setup, client, request, inFlight);
    const cells = [rate.toFixed(0), ratio(rate), cpuMicroseconds.toFixed(0), p50.toFixed(2), p99.toFixed(2)];
    table.push([key, "over the wire", inFlight, ...cells]);
  }
}
// deno-lint-ignore no-console -- the table is what this program is for
console.log(table.toString());
