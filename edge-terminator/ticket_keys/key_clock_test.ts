import assert from "node:assert/strict";
import { keyClock } from "./key_clock.ts";

Deno.test("keys age by the faster of two clocks, and never grow younger", () => {
  let monotonic = 100;
  let wall = 1_000_000;
  const now = keyClock(() => monotonic, () => wall);
  const passes = (byMonotonic: number, byWall: number) => {
    const before = now();
    monotonic += byMonotonic;
    wall += byWall;
    return now() - before;
  };
  assert.equal(passes(1000, 1000), 1000);
  assert.equal(passes(10, 3600_000), 3600_000, "the machine slept");
  assert.equal(passes(1000, -3600_000), 1000, "the wall clock was set back");
  assert.equal(passes(0, -1), 0);
});
