import assert from "node:assert/strict";
import { loadName, rawCeiling, runBench } from "./bench.ts";
import { lagP99 } from "./lag.ts";
import { Stage } from "./stage.ts";
import { verdicts } from "./targets.ts";

Deno.test("a short run measures both keys, every way of loading them, and verifies what was signed", async () => {
  await using stage = await Stage.start(2);
  const said: string[] = [];
  const options = { seconds: 0.2, only: "", inFlight: [1, 64], edges: [2] };
  const figures = await runBench(stage, options, (text) => said.push(text));
  assert.deepEqual(figures.map(({ key }) => key), ["ecdsa-p256", "rsa-2048"]);
  for (const one of figures) {
    assert.deepEqual(one.raw.map(({ way }) => way.kind), ["thread", "threads", "sessions", "arrivals"]);
    for (const { rate, cpuMicroseconds, p50, p99, p999 } of one.raw) {
      assert.ok(rate > 0 && cpuMicroseconds > 0 && p50 > 0 && p50 <= p99 && p99 <= p999);
    }
    assert.equal(rawCeiling(one), Math.max(...one.raw.slice(0, 3).map(({ rate }) => rate)));
    assert.deepEqual(one.wire.map(({ load }) => loadName(load)), [
      "half load, 2 edges",
      "1 in flight, 1 edge",
      "64 in flight, 1 edge",
      "256 in flight, 2 edges",
    ]);
    for (const { signatures, refused, verified, rate, serverCpu, loadCpu, p50, p99, p999 } of one.wire) {
      assert.ok(signatures > 0 && refused >= 0 && verified > 0 && verified <= signatures);
      assert.ok(rate > 0 && serverCpu > 0 && loadCpu > 0 && p50 > 0 && p50 <= p99 && p99 <= p999);
    }
  }
  assert.deepEqual(said.length, 16);
  const aims = verdicts(figures).map(({ aim }) => aim);
  assert.equal(aims.filter((aim) => aim.startsWith("rsa-2048: at least 0.9")).length, 2);
  assert.equal(aims.filter((aim) => aim.startsWith("ecdsa-p256: at most 25 us")).length, 2);
});

Deno.test("only what is wanted is measured, with the token alone beside it", async () => {
  await using stage = await Stage.start(1);
  const options = { seconds: 0.1, only: "rsa-2048, 8 in flight", inFlight: [1, 8], edges: [] };
  const figures = await runBench(stage, options, () => {});
  assert.deepEqual(
    figures.map(({ key, raw, wire }) => [key, raw.length, wire.map(({ load }) => loadName(load))]),
    [["rsa-2048", 3, ["8 in flight, 1 edge"]]],
  );
});

Deno.test("the bound of the 99th percentile is the bucket's that it falls into", () => {
  const before = new Map([[0.001, 10], [0.005, 10], [Infinity, 10]]);
  assert.equal(lagP99(before, new Map([[0.001, 109], [0.005, 110], [Infinity, 110]])), 1);
  assert.equal(lagP99(before, new Map([[0.001, 108], [0.005, 110], [Infinity, 110]])), 5);
  assert.equal(lagP99(before, new Map([[0.001, 10], [0.005, 10], [Infinity, 11]])), Infinity);
  assert.equal(lagP99(before, before), undefined);
});
