import assert from "node:assert/strict";
import { allTargets } from "./all_targets.ts";
import { fuzz } from "./campaign.ts";
import { readRegressions } from "./corpus/regressions.ts";
import { Fuzzer } from "./fuzzer.ts";

/** Mutated inputs for each target: some twenty seconds for all. `deno task fuzz --for 10m` does more, and others. */
const inputsOf: Readonly<Record<string, number>> = {
  "handshake": 2_500,
  "record-layer": 6_000,
  "handshake-stream": 30_000,
  "extensions": 60_000,
  "message-clienthello": 30_000,
  "strict-transcript": 6_000,
  "keyless-requests": 20_000,
  "keyless-answers": 20_000,
  "peer-certificate": 2_000,
  "sealed-master-secret": 1_000,
  "sibling-ticket-keys": 2_000,
};
const inputsOfOthers = 8_000;

for (const target of allTargets) {
  Deno.test(`fuzzing finds nothing in ${target.name}: ${target.about}`, () => {
    const inputs = inputsOf[target.name] ?? inputsOfOthers;
    const { finding, progress } = fuzz(target, { budget: { inputs }, seed: 8446 });
    const words = `${finding?.kind}: ${Deno.inspect(finding?.error)}\ninput ${finding?.input.toHex()}`;
    assert.equal(finding, undefined, words);
    assert.ok(progress.inputs >= inputs);
  });

  const regressions = readRegressions(target.name);
  if (regressions.length === 0) continue;
  Deno.test(`what fuzzing once found in ${target.name} is gone`, () => {
    using fuzzer = new Fuzzer(target, { seed: 0 });
    for (const input of regressions) assert.equal(fuzzer.runInput(input), undefined, input.toHex());
  });
}
