import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBucket } from "./token_bucket.ts";

Deno.test("a bucket gives its burst at once, then its rate, and never saves up more than its burst", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
  const taken = (now: number) => [1, 2, 3, 4].filter(() => bucket.take(now)).length;
  assert.equal(taken(0), 3);
  assert.equal(taken(99), 0);
  assert.equal(taken(100), 1);
  assert.equal(taken(1_000_000), 3);
  assert.equal(taken(999_000), 0, "a clock that goes back gives nothing");
});

Deno.test("in no span of time does a bucket give more than its burst and what its rate gives in it", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: 1, max: 50 }),
    fc.array(fc.nat(200), { maxLength: 300 }),
    (perSecond, burst, waits) => {
      const bucket = new TokenBucket({ perSecond, burst }, 0);
      let now = 0;
      let given = 0;
      for (const wait of waits) {
        now += wait;
        if (bucket.take(now)) given++;
      }
      assert.ok(given <= burst + now / 1000 * perSecond + 1e-6);
    },
  ));
});
