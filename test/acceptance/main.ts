import { parseArgs } from "node:util";
import { acceptOneKeyServer, acceptTwoKeyServers } from "./acceptance.ts";

const usage =
  `deno task acceptance:rotation [--seconds 60] [--rate 200] [--edits 1000] [--key-servers 1,2] [--deadline 20000]

Rotates a site's key from P-256 to RSA-2048 and back, with destruction of the old ones, while two edges each take --rate
full handshakes a second for at least --seconds: undisturbed, with the key server killed in the middle, and with one of two
key servers killed. Edges wait --deadline milliseconds for a signature: one key server that is killed is away for a second
or two, and then has a queue. Then revokes an edge under load, has strangers refused, and edits the audit log of all of it.
Every failed handshake is told. Exit 1 when a claim is missed.`;

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function numberOf(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  say(`Cannot take ${text}: a positive number is wanted`);
  Deno.exit(2);
}

const { values } = parseArgs({
  options: {
    "seconds": { type: "string", default: "60" },
    "rate": { type: "string", default: "200" },
    "edits": { type: "string", default: "1000" },
    "key-servers": { type: "string", default: "1,2" },
    "deadline": { type: "string", default: "20000" },
    "help": { type: "boolean", default: false },
  },
});
if (values.help) {
  say(usage);
  Deno.exit(0);
}

const options = {
  seconds: numberOf(values.seconds),
  rate: numberOf(values.rate),
  edits: numberOf(values.edits),
  keyOperationDeadline: numberOf(values.deadline),
  drainTime: 10_000, // Longer than what piles up takes: a destroyed key signs for nobody who still waits.
  say,
};
const parts = { "1": acceptOneKeyServer, "2": acceptTwoKeyServers };
const loads = () => Deno.loadavg().map((load) => load.toFixed(2)).join(" ");
say(`${navigator.hardwareConcurrency} processors; load before: ${loads()}`);
let missed = 0;
for (const [count, accept] of Object.entries(parts)) {
  if (!values["key-servers"].split(",").includes(count)) continue;
  for (const { claim, found, kept } of await accept(options)) {
    if (!kept) missed++;
    say(`${kept ? "kept  " : "MISSED"}  ${claim}: ${found}`);
  }
}
say(`load after: ${loads()}; ${missed} missed`);
Deno.exit(missed === 0 ? 0 : 1);
