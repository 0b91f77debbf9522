import assert from "node:assert/strict";
import { formatSpread, percentile, spreadOf } from "./statistics.ts";

Deno.test("a median lies in the middle, between the two middle ones of an even number", () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3, values: [3, 1, 2] });
  assert.equal(spreadOf([4, 1, 3, 2]).median, 2.5);
});

Deno.test("a percentile's ends are the smallest and the largest value", () => {
  const sorted = [10, 20, 30, 40, 50];
  assert.equal(percentile(sorted, 0), 10);
  assert.equal(percentile(sorted, 1), 50);
  assert.equal(percentile(sorted, 0.9), 46);
});

Deno.test("nothing has no median", () => {
  assert.throws(() => spreadOf([]), RangeError);
});

Deno.test("figures show as many digits as they are worth", () => {
  assert.equal(formatSpread(spreadOf([312.4, 305, 340])), "312 (305..340)");
  assert.equal(formatSpread(spreadOf([1.234, 1.1, 1.5])), "1.23 (1.10..1.50)");
  assert.equal(formatSpread(spreadOf([7])), "7.00");
});
