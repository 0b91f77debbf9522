/**
 * Bleichenbacher's attack on RSA key exchange, tried for what it feeds on: `deno task conformance:bleichenbacher`.
 *
 * Five classes of ciphertexts, interleaved, through the TLS engine and a key server over SoftHSM: the same alert, the same
 * master secret for the same request, and no difference in the time that the key server takes. A control, whose key
 * server leaks on purpose, has to fail the same test. Exits with 0 when all is as it should be.
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { ciphertextClasses } from "../../harness/rsa_ciphertexts.ts";
import { type Answer, Attacker } from "./exchange.ts";
import { KeyServerStage } from "./key_server_stage.ts";
import { compare, type Comparison, means, measure, type Measurement, tellsApart } from "./measurement.ts";
import { answerLeaking } from "./planted_leak.ts";
import { significantT } from "./statistics.ts";

const help = `Usage: deno task conformance:bleichenbacher [OPTION ...]

  --exchanges N     RSA key exchanges of each class (default: 10000)
  --untimed         only what is sent, no times and no control: says the same whatever else the machine does
`;

/** A fatal bad_record_mac, in the clear: the client's Finished does not open. */
const badRecordMac = "15030300020214";

const say = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

/** What is not as it should be, in words. */
function faultsIn({ replies, forms, unrepeated }: Measurement): string[] {
  const faults: string[] = [];
  if (replies.size !== 1 || !replies.has(badRecordMac)) {
    faults.push(`the edge replies ${[...replies].join(", ")} in place of ${badRecordMac} alone`);
  }
  if (forms.size !== 1) faults.push(`the key server has answers of several forms: ${[...forms].join("; ")}`);
  if (unrepeated > 0) faults.push(`${unrepeated} requests, asked again, had another master secret`);
  return faults;
}

function report(name: string, measurement: Measurement): Comparison {
  const table = new Table({
    head: [name, "whole, us", "after the token, us"],
    style: { head: [], border: [] },
  });
  for (const kind of ciphertextClasses) {
    const { whole, afterToken } = means(measurement.times, kind);
    table.push([kind, whole.toFixed(2), afterToken.toFixed(2)]);
  }
  say(table.toString());
  const worst = compare(measurement.times).reduce((a, b) => Math.abs(a.t) >= Math.abs(b.t) ? a : b);
  const { part, share, classes: [first, second], t } = worst;
  say(`largest |t| ${Math.abs(t).toFixed(2)}: ${first} and ${second}, ${part}, quickest ${share * 100} %\n`);
  return worst;
}

async function run(exchanges: number, untimed: boolean): Promise<string[]> {
  await using stage = await KeyServerStage.open();
  using attacker = await Attacker.open(stage.certificateFile);
  const answer: Answer = (request) => stage.answer(request);
  if (!await attacker.connects(answer)) return ["an honest client is not served"];
  const warmUp = untimed ? 0 : Math.min(500, exchanges);
  const real = await measure(stage, attacker, answer, { exchanges, warmUp });
  const faults = faultsIn(real);
  say(`${exchanges} exchanges of each of ${ciphertextClasses.length} classes: ${faults.length} faults`);
  if (untimed) return faults;
  if (tellsApart(report("key server", real))) faults.push(`times differ: |t| of ${significantT} or more`);
  const leaking: Answer = (request) => answerLeaking(stage, request);
  const control = await measure(stage, attacker, leaking, { exchanges, warmUp });
  if (!tellsApart(report("control, leaking", control))) faults.push("the control's leak is not seen");
  return faults;
}

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    exchanges: { type: "string", default: "10000" },
    untimed: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  say(help);
  Deno.exit(0);
}
const exchanges = Number(options.exchanges);
if (!Number.isInteger(exchanges) || exchanges < 2) {
  say(help);
  Deno.exit(2);
}
const faults = await run(exchanges, options.untimed);
for (const fault of faults) say(`FAULT: ${fault}`);
Deno.exit(faults.length === 0 ? 0 : 1);
