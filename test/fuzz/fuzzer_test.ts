import assert from "node:assert/strict";
import { TlsError } from "../../shared/tls_messages/errors.ts";
import { fuzz } from "./campaign.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "./fuzz_target.ts";
import { Fuzzer } from "./fuzzer.ts";
import { growth, memoryHeld } from "./memory.ts";
import { mutate } from "./mutate.ts";
import { outcomeOf } from "./outcome.ts";
import { Random } from "./random.ts";

function target(run: FuzzSubject["run"], dispose: () => void = () => {}): FuzzTarget {
  const seeds = [Uint8Array.of(1, 2, 3, 4, 5, 6)];
  return { name: "planted", about: "a defect", open: () => ({ seeds, run, [Symbol.dispose]: dispose }) };
}

const options = { budget: { inputs: 20_000 }, seed: 1 };

Deno.test("a planted crash is found, and its input comes out short", () => {
  const { finding } = fuzz(
    target((input) => [input.length][input.indexOf(0xee) === -1 ? 0 : 1]!.toString()),
    options,
  );
  assert.equal(finding?.kind, "crash");
  assert.ok(finding.error instanceof TypeError);
  assert.deepEqual(finding.input, Uint8Array.of(0xee));
});

Deno.test("a planted broken promise is found behind the words that lead to it", () => {
  // Four right bytes in a row: without keeping inputs with new words as seeds that takes some 2^32 inputs.
  const climb = (input: Uint8Array) => {
    let depth = 0;
    while (depth < 4 && input[depth] === 0xa0 + depth) depth += 1;
    promise(depth < 4, "never that deep");
    return "*".repeat(depth);
  };
  const { finding, progress } = fuzz(target(climb), { budget: { inputs: 1_000_000 }, seed: 2 });
  assert.equal(finding?.kind, "crash", `${progress.inputs} inputs`);
  assert.equal(finding.input.toHex(), "a0a1a2a3");
});

Deno.test("a planted hang is found", () => {
  let calls = 0;
  const slow = () => {
    calls += 1;
    for (const end = performance.now() + 60; calls > 30 && performance.now() < end;);
    return "";
  };
  assert.equal(fuzz(target(slow), { ...options, longestRun: 50 }).finding?.kind, "hang");
});

Deno.test("a refusal by the expected family is no finding, any other error is", () => {
  const refuse = (error: Error) => () =>
    outcomeOf(() => {
      throw error;
    }, TlsError);
  assert.throws(refuse(new RangeError("x")), RangeError);
  assert.equal(fuzz(target(refuse(new RangeError("x"))), options).finding?.kind, "crash");
});

Deno.test("a planted growth of memory is seen, and ordinary garbage is not", () => {
  const before = memoryHeld();
  let kept: Uint8Array[] = Array.from({ length: 40 }, () => new Uint8Array(1 << 20).fill(1));
  assert.match(growth(before, memoryHeld()) ?? "", /external by/);
  kept = kept.slice(0, 1);
  assert.equal(growth(before, memoryHeld()), undefined);
  assert.equal(kept.length, 1);
});

Deno.test("the same seed gives the same inputs, and a mutation leaves its input alone", () => {
  const start = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const made = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => mutate(start, random, [start]).toHex()).join();
  };
  assert.equal(made(5), made(5));
  assert.notEqual(made(5), made(6));
  assert.equal(start.toHex(), "0102030405060708");
});

Deno.test("the subject is disposed of, whatever was found", () => {
  let disposed = 0;
  const crash = () => {
    throw new RangeError("x");
  };
  fuzz(target(crash, () => disposed += 1), options);
  fuzz(target(() => "", () => disposed += 1), { ...options, budget: { inputs: 3 } });
  assert.equal(disposed, 2);
  using fuzzer = new Fuzzer(target(() => ""), { seed: 0 });
  assert.equal(fuzzer.progress.inputs, 0);
});
