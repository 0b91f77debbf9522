import assert from "node:assert/strict";
import fc from "fast-check";
import { DeadlineWheel } from "./deadline_wheel.ts";

/** A wheel on a clock that only the test moves; its own timer is of no account. */
function wheelAt(start = 0) {
  let time = start;
  const wheel = new DeadlineWheel({ tick: 10, slots: 16, now: () => time });
  return {
    wheel,
    moveTo(to: number) {
      time = to;
      wheel.advance();
    },
  };
}

Deno.test("a deadline fires once, not before its time and at most a tick after", () => {
  fc.assert(
    fc.property(
      fc.nat(5000),
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 1, max: 9 }),
      (start, wait, step) => {
        const { wheel, moveTo } = wheelAt(start);
        using _wheel = wheel;
        let now = start;
        const fired: number[] = [];
        wheel.set(wait, () => fired.push(now));
        while (now <= start + wait + 20) moveTo(now += step);
        assert.equal(fired.length, 1);
        assert.ok(fired[0]! >= start + wait, `early: ${fired[0]} for ${start} + ${wait}`);
        assert.ok(fired[0]! <= start + wait + 20, `late: ${fired[0]} for ${start} + ${wait}`);
        assert.equal(wheel.size, 0);
      },
    ),
  );
});

Deno.test("after any stall every deadline that is due fires, and no other", () => {
  const waits = fc.array(fc.nat(2000), { maxLength: 40 });
  fc.assert(fc.property(waits, fc.nat(2500), (all, stall) => {
    const { wheel, moveTo } = wheelAt(3);
    using _wheel = wheel;
    const fired = new Set<number>();
    for (const [index, wait] of all.entries()) wheel.set(wait, () => fired.add(index));
    moveTo(3 + stall);
    for (const [index, wait] of all.entries()) {
      if (wait <= stall - 20) assert.ok(fired.has(index), `${wait} after ${stall}`);
      if (wait > stall) assert.ok(!fired.has(index), `${wait} after ${stall}`);
    }
    assert.equal(wheel.size, all.length - fired.size);
  }));
});

Deno.test("a cleared deadline never fires, and clearing it again changes nothing", () => {
  const { wheel, moveTo } = wheelAt();
  using _wheel = wheel;
  const cleared = wheel.set(50, () => assert.fail("it was cleared"));
  let fired = 0;
  wheel.set(50, () => fired++);
  wheel.clear(cleared);
  wheel.clear(cleared);
  moveTo(100);
  assert.equal(fired, 1);
  wheel.clear(cleared);
  assert.equal(wheel.size, 0);
});

Deno.test("deadlines may be set and cleared while others fire", () => {
  const { wheel, moveTo } = wheelAt();
  using _wheel = wheel;
  const order: string[] = [];
  const second = wheel.set(30, () => order.push("second"));
  wheel.set(20, () => {
    order.push("first");
    wheel.clear(second);
    wheel.set(40, () => order.push("third"));
  });
  for (let time = 0; time < 200; time += 10) moveTo(time);
  assert.deepEqual(order, ["first", "third"]);
});

Deno.test("the wheel's own timer fires a deadline, and stops when there is none", async () => {
  using wheel = new DeadlineWheel();
  await new Promise<void>((resolve) => wheel.set(15, resolve));
  assert.equal(wheel.size, 0);
  // The test runner's leak check fails this test if the timer still runs.
});
