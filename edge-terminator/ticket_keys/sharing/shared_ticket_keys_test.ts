import assert from "node:assert/strict";
import { SiblingStage } from "../testing/sibling_stage.ts";
import { defaultTicketDomain } from "../../tls/tickets/ticket_key_provider.ts";

const second = 1000;
const hour = 3600 * second;

Deno.test("S11: siblings hold the owner's set, and all switch to a new key at the same moment", () => {
  using stage = new SiblingStage();
  for (const id of [1, 2, 3]) stage.start(id);
  const first = stage.sealingName(1);
  for (const id of [2, 3]) assert.equal(stage.sealingName(id), first);
  stage.pass(12 * hour);
  for (const id of [1, 2, 3]) {
    assert.equal(stage.names(id).length, 2, "the new key is there before it seals");
    assert.equal(stage.sealingName(id), first);
  }
  stage.pass(5 * second - 1);
  for (const id of [1, 2, 3]) assert.equal(stage.sealingName(id), first);
  stage.pass(1);
  const next = stage.sealingName(1);
  assert.notEqual(next, first);
  for (const id of [2, 3]) assert.equal(stage.sealingName(id), next);
  stage.pass(24 * hour - 5 * second - 1);
  for (const id of [1, 2, 3]) assert(stage.names(id).includes(first!));
  stage.pass(1);
  for (const id of [1, 2, 3]) assert(!stage.names(id).includes(first!), "L12: the key outlives 36 hours");
});

Deno.test("S1: a worker that starts later has the set as soon as it has joined, with the keys' true ages", async () => {
  using stage = new SiblingStage();
  stage.start(1);
  stage.pass(7 * hour);
  const late = stage.start(2);
  await late.keys.ready;
  assert.deepEqual(stage.names(2), stage.names(1));
  assert.equal(late.keys.status()[0]!.age, 7 * hour);
  stage.pass(29 * hour - 1);
  const first = stage.names(1).at(-1);
  assert.equal(stage.names(2).at(-1), first);
  stage.pass(1);
  assert(!stage.names(2).includes(first!));
});

Deno.test("a worker is not ready before the set is there", async () => {
  using stage = new SiblingStage();
  stage.start(1);
  stage.isHolding = true;
  const late = stage.start(2);
  const early = await Promise.race([late.keys.ready.then(() => true), Promise.resolve(false)]);
  assert.equal(early, false);
  assert.equal(late.keys.sealingKey(defaultTicketDomain), undefined);
  stage.deliver();
  await late.keys.ready;
});

Deno.test("when the owner dies the next one goes on with the same set, and makes the next key on time", () => {
  using stage = new SiblingStage();
  for (const id of [1, 2, 3]) stage.start(id);
  stage.pass(6 * hour);
  const first = stage.sealingName(2);
  stage.kill(1);
  for (const id of [2, 3]) assert.equal(stage.sealingName(id), first);
  stage.start(4);
  assert.equal(stage.sealingName(4), first);
  stage.pass(6 * hour, 5 * second);
  const next = stage.sealingName(2);
  assert.notEqual(next, first);
  for (const id of [3, 4]) {
    assert.equal(stage.sealingName(id), next);
    assert(stage.names(id).includes(first!));
  }
});

Deno.test("a reload's workers take over the set of those that they replace", () => {
  using stage = new SiblingStage();
  for (const id of [1, 2]) stage.start(id);
  stage.pass(hour);
  const first = stage.sealingName(1);
  for (const id of [3, 4]) stage.start(id);
  for (const id of [1, 2]) stage.kill(id);
  for (const id of [3, 4]) assert.equal(stage.sealingName(id), first);
});

Deno.test("an owner that dies before everybody has its set costs no key that somebody has", () => {
  using stage = new SiblingStage();
  stage.start(1);
  stage.isHolding = true;
  stage.start(2);
  stage.start(3);
  stage.deliver(({ to }) => to === 3);
  const first = stage.sealingName(3);
  assert.equal(stage.sealingName(2), undefined);
  stage.kill(1);
  assert(stage.names(2).includes(first!), "the new owner was not told");
  assert.deepEqual(stage.names(2).toSorted(), stage.names(3).toSorted());
});

Deno.test("a set that was lost on its way is asked for, and any sibling answers", () => {
  using stage = new SiblingStage();
  for (const id of [1, 2]) stage.start(id);
  stage.isHolding = true;
  const late = stage.start(3);
  stage.deliver(() => false);
  assert.deepEqual(stage.names(3), []);
  late.keys.ask();
  assert.deepEqual(stage.names(3), stage.names(1));
  stage.isHolding = true;
  stage.pass(12 * hour);
  stage.deliver(() => false);
  assert.equal(stage.names(3).length, 1);
  stage.pass(6 * second);
  assert.equal(stage.names(3).length, 2, "nobody asked for the overdue key");
  assert.equal(stage.names(2).length, 2);
});

Deno.test("an owner that is gone for long leaves no tickets, never a key that seals longer than it may", () => {
  using stage = new SiblingStage();
  for (const id of [1, 2]) stage.start(id);
  const worker = stage.siblings.get(2)!;
  stage.now += 12 * hour + 5 * second - 1;
  assert(worker.keys.sealingKey(defaultTicketDomain) !== undefined);
  stage.now += 1;
  assert.equal(worker.keys.sealingKey(defaultTicketDomain), undefined);
});

Deno.test("a reload that shortens the keys' lives counts for the keys that are there", () => {
  using stage = new SiblingStage();
  stage.start(1);
  const first = stage.names(1)[0]!;
  stage.start(2, { sealsFor: hour, opensFor: 2 * hour });
  stage.kill(1);
  stage.pass(2 * hour - 1);
  assert(stage.names(2).includes(first));
  stage.pass(1);
  assert(!stage.names(2).includes(first));
});

Deno.test("L7: no message among siblings contains a key", () => {
  using stage = new SiblingStage();
  for (const id of [1, 2, 3]) stage.start(id);
  stage.pass(12 * hour);
  assert(stage.letters.length >= 4);
  const texts = stage.letters.map(({ message }) => message.join());
  for (const name of stage.names(1)) {
    const { secret } = stage.siblings.get(1)!.keys.openingKey(
      Uint8Array.from(name.split(","), Number),
      defaultTicketDomain,
    )!;
    assert(texts.some((text) => text.includes(name)), "the test looks at other messages than it means");
    assert(!texts.some((text) => text.includes(secret.bytes.subarray(0, 8).join())));
  }
});

Deno.test("a message that is changed, repeated, or for another worker changes nothing", () => {
  using stage = new SiblingStage();
  for (const id of [1, 2, 3]) stage.start(id);
  const { from, to, message } = stage.letters.find((letter) => letter.to === 2)!;
  const receiver = stage.siblings.get(to)!;
  const blocks = receiver.pool.blocksInUse;
  receiver.keys.receive(from, message);
  assert.match(stage.refused.pop()!, /has been taken before/);
  receiver.keys.receive(3, message);
  assert.equal(stage.refused.length, 1, "taken from a sender who did not send it");
  stage.siblings.get(3)!.keys.receive(from, message);
  assert.equal(stage.refused.length, 2, "taken by a worker that it was not for");
  for (let index = 0; index < message.length; index++) {
    const other = message.slice();
    other[index]! ^= 1;
    const before: number = stage.refused.length;
    stage.siblings.get(2)!.keys.receive(from, other);
    const isWish = index === 0 && other[0] === 2;
    assert.equal(stage.refused.length, before + (isWish ? 0 : 1), `byte ${index}`);
  }
  for (const length of [0, 1, 9, 41, 42, message.length - 1]) {
    const before: number = stage.refused.length;
    receiver.keys.receive(from, message.slice(0, length));
    assert.equal(stage.refused.length, before + 1, `${length} bytes`);
  }
  assert.equal(receiver.pool.blocksInUse, blocks);
});

Deno.test("everything goes back to the pool when the siblings end", () => {
  using stage = new SiblingStage();
  for (const id of [1, 2, 3]) stage.start(id);
  stage.pass(12 * hour, 12 * hour, 12 * hour);
  stage.end();
  for (const { pool } of stage.siblings.values()) assert.equal(pool.blocksInUse, 0);
  stage.siblings.clear();
});
