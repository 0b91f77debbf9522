import assert from "node:assert/strict";
import fc from "fast-check";
import { Backoff } from "./backoff.ts";
import { CircuitBreaker } from "./circuit_breaker.ts";

function breakerAt() {
  const clock = { now: 0 };
  const backoff = { initial: 100, maximum: 400, random: () => 1 };
  return { clock, breaker: new CircuitBreaker({ threshold: 3, backoff, now: () => clock.now }) };
}

function failTimes(breaker: CircuitBreaker, times: number): void {
  for (let n = 0; n < times; n++) {
    breaker.began();
    breaker.failed();
  }
}

Deno.test("the breaker opens at its threshold of failures in a row, and a success in between starts over", () => {
  const { breaker } = breakerAt();
  failTimes(breaker, 2);
  breaker.succeeded();
  failTimes(breaker, 2);
  assert.equal(breaker.state, "closed");
  failTimes(breaker, 1);
  assert.equal(breaker.state, "open");
  assert.equal(breaker.admits, false);
});

Deno.test("when its time has come an open breaker admits one trial", () => {
  const { breaker, clock } = breakerAt();
  failTimes(breaker, 3);
  clock.now = 99;
  assert.equal(breaker.admits, false);
  clock.now = 100;
  assert.equal(breaker.admits, true);
  breaker.began();
  assert.equal(breaker.state, "half-open");
  assert.equal(breaker.admits, false);
});

Deno.test("a trial that succeeds closes the breaker, one that fails opens it for longer", () => {
  const { breaker, clock } = breakerAt();
  failTimes(breaker, 3);
  for (const wait of [100, 200, 400, 400]) {
    const opened = clock.now;
    clock.now = opened + wait - 1;
    assert.equal(breaker.admits, false);
    clock.now = opened + wait;
    failTimes(breaker, 1);
    assert.equal(breaker.state, "open");
  }
  clock.now += 400;
  breaker.began();
  breaker.succeeded();
  assert.equal(breaker.state, "closed");
  failTimes(breaker, 3);
  clock.now += 100;
  assert.equal(breaker.admits, true, "after a success the delays start over");
});

Deno.test("a trial that says nothing leaves its place to another one", () => {
  const { breaker, clock } = breakerAt();
  failTimes(breaker, 3);
  clock.now = 100;
  breaker.began();
  breaker.undecided();
  assert.equal(breaker.admits, true);
});

Deno.test("failures of operations that began before the breaker opened do not keep it open", () => {
  const { breaker, clock } = breakerAt();
  failTimes(breaker, 3);
  clock.now = 90;
  breaker.failed();
  clock.now = 100;
  assert.equal(breaker.admits, true);
});

Deno.test("each delay is between half and the whole of its ceiling, which doubles up to the maximum", () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
    const backoff = new Backoff({ initial: 25, maximum: 400, random: () => random });
    for (const ceiling of [25, 50, 100, 200, 400, 400, 400]) {
      const delay = backoff.next();
      assert.ok(delay >= ceiling / 2 && delay <= ceiling, `${delay} of ${ceiling}`);
    }
    backoff.reset();
    assert.ok(backoff.next() <= 25);
  }));
});
