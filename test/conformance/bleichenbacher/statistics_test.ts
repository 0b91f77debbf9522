import assert from "node:assert/strict";
import { below, quantile, significantT, welchT } from "./statistics.ts";

Deno.test("Welch's t is that of a worked example", () => {
  const a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4];
  const b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 25.2];
  assert.ok(Math.abs(welchT(a, b) - -2.84) < 0.1, `${welchT(a, b)}`);
  assert.equal(welchT(a, b), -welchT(b, a));
  assert.equal(welchT(a, [...a]), 0);
});

Deno.test("a shift of a tenth of the spread is significant among ten thousand, and none is among equals", () => {
  // Evenly spread: no chance in it.
  const even = (shift: number) => Array.from({ length: 10_000 }, (_, i) => i / 10_000 + shift);
  assert.ok(Math.abs(welchT(even(0), even(0.03))) > significantT);
  assert.ok(Math.abs(welchT(even(0), even(0.001))) < significantT);
});

Deno.test("a quantile is over all samples together, and cuts what exceeds it", () => {
  const limit = quantile(0.75, [[1, 2], [3, 4]]);
  assert.equal(limit, 4);
  assert.deepEqual(below(3, [1, 2, 3, 4]), [1, 2, 3]);
});
