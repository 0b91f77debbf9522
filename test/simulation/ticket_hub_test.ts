import assert from "node:assert/strict";
import { measureCosts } from "./costs.ts";
import { CountedMembers } from "./counted_members.ts";
import { EventQueue } from "./event_queue.ts";
import { profiles } from "./network.ts";
import { RealMembers } from "./real_members.ts";

Deno.test("the simulation's events happen in the order of their times, and of their asking", () => {
  const queue = new EventQueue();
  const seen: number[] = [];
  for (const at of [5, 1, 3, 1, 4, 2, 5, 0]) queue.after(at, () => seen.push(at));
  queue.after(1, () => queue.after(1.5, () => seen.push(2.5)));
  assert.equal(queue.runUntil(() => false, 4), false);
  assert.deepEqual(seen, [0, 1, 1, 2, 2.5, 3, 4]);
});

for (const profile of profiles) {
  Deno.test(`S7: real members over "${profile.name}" all come to seal, 5 s after the last word at the earliest`, async () => {
    using members = await RealMembers.start(4, { ...profile, slowEvery: profile.slowEvery && 4 });
    const start = members.started();
    assert(start.activation >= 5000, `${start.activation} ms`);
    assert.deepEqual(members.keysHeld, [4, 4, 4, 4]);
    const rotation = members.rotate();
    assert(rotation.activation >= 5000, `${rotation.activation} ms`);
    assert.deepEqual(members.keysHeld, [5, 5, 5, 5]);
    assert.deepEqual(members.refused, []);
  });
}

Deno.test("what is counted is what real members do: letters, bytes and time of one new key", async () => {
  const [near] = profiles;
  const costs = await measureCosts(1);
  using members = await RealMembers.start(5, near!);
  members.started();
  const real = members.rotate();
  const counted = new CountedMembers(5, 1, near!, { ...costs, seal: 0, open: 0, relay: 0 }).run();
  assert.equal(counted.letters, 8);
  assert.equal(counted.repeated, 0);
  // Each letter is two messages. Real members send a report each 10 s besides.
  assert(real.messages >= 16 && real.messages <= 16 + 5, `${real.messages} messages`);
  assert(
    Math.abs(real.activation - counted.activation!) <= 500,
    `${real.activation} ms, ${counted.activation} ms`,
  );
  assert(real.bytes >= counted.bytes * 0.95, `${real.bytes} bytes, ${counted.bytes}`);
});
