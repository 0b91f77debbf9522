import assert from "node:assert/strict";
import { HubStage } from "../testing/hub_stage.ts";

const second = 1000;
const hour = 3600 * second;
const hourly = { sealsFor: hour, opensFor: 5 * hour };
const ids = [0, 1, 2];

/** Three edges that seal. */
function three(schedule = {}): HubStage {
  const stage = new HubStage(schedule);
  for (const id of ids) stage.start(id);
  stage.pass(5 * second);
  return stage;
}

Deno.test("S6, S8: each edge seals by a key of its own, and every other one opens its tickets", () => {
  using stage = three();
  const sealing = ids.map((id) => stage.sealing(id)!);
  assert.equal(new Set(sealing).size, 3);
  for (const id of ids) for (const name of sealing) assert(stage.opens(id, name));
  assert.deepEqual(stage.refused, []);
});

Deno.test("S7: no key seals before every live edge has it, and for 5 s after", () => {
  using stage = new HubStage();
  stage.start(0);
  const first = stage.sealing(0);
  assert(first !== undefined, "an edge that is alone waits for somebody");
  stage.carries = ({ to }) => to !== 1;
  stage.start(1);
  stage.start(2);
  stage.pass(12 * hour, 30 * second);
  assert.equal(stage.sealing(0), first, "the key before seals on while the new one is not everywhere");
  const next = stage.edges.get(0)!.keys.ownKeys("default")[0]!.name.toHex();
  assert.notEqual(next, first);
  assert(!stage.opens(1, next));
  stage.carries = () => true;
  while (!stage.opens(1, next)) stage.pass(second);
  assert.equal(stage.sealing(0), first);
  stage.pass(5 * second - 1);
  assert.equal(stage.sealing(0), first);
  stage.pass(1);
  assert.equal(stage.sealing(0), next);
});

Deno.test("an edge that joins while a key waits is waited for, 5 s from its acknowledgement on", () => {
  using stage = three();
  stage.pass(12 * hour);
  const next = stage.edges.get(0)!.keys.ownKeys("default")[0]!.name.toHex();
  stage.pass(4 * second);
  stage.carries = ({ to }) => to !== 3;
  stage.start(3);
  stage.pass(4 * second);
  assert.notEqual(stage.sealing(0), next);
  stage.carries = () => true;
  while (!stage.opens(3, next)) stage.pass(second);
  stage.pass(4 * second);
  assert.notEqual(stage.sealing(0), next);
  stage.pass(second);
  assert.equal(stage.sealing(0), next);
});

Deno.test("sealing ends on time while the hub is away: no tickets then, never an extended key", () => {
  using stage = three();
  for (const id of ids) stage.disconnect(id);
  const sealing = stage.sealing(0)!;
  const { sealsUntil } = stage.edges.get(0)!.keys.ownKeys("default")[0]!;
  stage.pass(12 * hour);
  while (stage.now < sealsUntil - second) stage.pass(second);
  assert.equal(stage.sealing(0), sealing);
  stage.pass(second);
  assert(stage.now >= sealsUntil && stage.now <= 12 * hour + 65 * second);
  for (const id of ids) assert.equal(stage.sealing(id), undefined);
  stage.pass(10 * 60 * second);
  for (const id of ids) {
    assert.equal(stage.sealing(id), undefined, "a key was activated without the hub's word");
  }
  for (const id of ids) stage.connect(id);
  stage.pass(5 * second);
  for (const id of ids) assert(stage.sealing(id) !== undefined);
});

Deno.test("L12, S9: another edge's key opens until 36 h from its making, and is then zeroed", () => {
  using stage = three();
  const name = stage.sealing(0)!;
  const held = stage.edges.get(1)!.keys.openingKey(Uint8Array.fromHex(name), "default")!;
  stage.pass(12 * hour, 12 * hour, 12 * hour - 6 * second);
  assert(stage.opens(1, name));
  stage.pass(second);
  assert(!stage.opens(1, name));
  assert(held.secret.returned);
});

Deno.test("S14: with hourly keys of five hours, n edges hold 5n keys at most, and none opens at 5 h and 1 min", () => {
  using stage = three(hourly);
  const name = stage.sealing(0)!;
  for (let minutes = 0; minutes < 13 * 60; minutes++) {
    stage.pass(60 * second);
    for (const id of ids) assert(stage.names(id).length <= 15);
    if (minutes < 298) assert(ids.every((id) => stage.opens(id, name)));
    if (minutes >= 300) assert(!ids.some((id) => stage.opens(id, name)));
  }
  assert.equal(stage.names(0).length, 15);
});

Deno.test("S12, S13: keys change by time at every edge, and what was sealed before goes on opening everywhere", () => {
  using stage = three();
  const before = ids.map((id) => stage.sealing(id)!);
  stage.pass(12 * hour, 5 * second);
  for (const id of ids) {
    assert.notEqual(stage.sealing(id), before[id]);
    for (const name of [...before, ...ids.map((other) => stage.sealing(other)!)]) {
      assert(stage.opens(id, name));
    }
  }
});

Deno.test("S1: an edge that starts later, or again, opens what others sealed before as soon as the hub names it", () => {
  using stage = new HubStage();
  stage.start(0);
  stage.pass(7 * hour);
  const name = stage.sealing(0)!;
  stage.start(1);
  assert(stage.opens(1, name));
  const { age } = stage.edges.get(1)!.keys.status().find((key) => key.name.toHex() === name)!;
  assert.equal(age, 7 * hour);
  stage.kill(1);
  stage.tellMembers();
  stage.start(1);
  assert(stage.opens(1, name));
});

Deno.test("an edge that is lost counts no more once the hub says so; one that returns gets everything", () => {
  using stage = three();
  stage.disconnect(2);
  stage.pass(12 * hour);
  const next = stage.edges.get(0)!.keys.ownKeys("default")[0]!.name.toHex();
  stage.pass(30 * second);
  assert.notEqual(stage.sealing(0), next, "a live edge was not waited for");
  stage.live.delete(2);
  stage.tellMembers();
  stage.pass(5 * second, second);
  assert.equal(stage.sealing(0), next);
  assert(!stage.opens(2, next));
  stage.connect(2);
  stage.pass(second);
  assert(stage.opens(2, next));
});

Deno.test("when another worker speaks for an edge everything converges, and no ticket is lost", () => {
  using stage = three();
  const before = ids.map((id) => stage.sealing(id)!);
  stage.pass(12 * hour);
  stage.changeSpeaker(0);
  stage.pass(second, 5 * second);
  const after = ids.map((id) => stage.sealing(id)!);
  for (const id of ids) {
    assert.notEqual(after[id], before[id]);
    for (const name of [...before, ...after]) assert(stage.opens(id, name));
  }
});

Deno.test("a new epoch ends every key of the one before at once, and keys of the new one follow", () => {
  using stage = three();
  const before = ids.map((id) => stage.sealing(id)!);
  const held = stage.edges.get(0)!.keys.openingKey(Uint8Array.fromHex(before[1]!), "default")!;
  stage.epoch = 1;
  stage.live.delete(2);
  stage.tellMembers();
  assert(held.secret.returned);
  for (const id of ids) for (const name of before) assert(!stage.opens(id, name));
  stage.pass(second, second, 5 * second);
  for (const id of [0, 1]) {
    const name = stage.sealing(id)!;
    assert(stage.opens(0, name) && stage.opens(1, name));
    assert(!stage.opens(2, name), "who was thrown out got a key of the new epoch");
  }
});

Deno.test("whoever asks for new keys gets them at once, at every edge; 100 times, and nothing stops opening", () => {
  using stage = three();
  const seen = new Set<string>();
  for (let count = 0; count < 100; count++) {
    stage.rotate();
    stage.pass(5 * second, second);
    for (const id of ids) seen.add(stage.sealing(id)!);
  }
  assert.equal(seen.size, 300);
  for (const id of ids) for (const name of seen) assert(stage.opens(id, name));
});

Deno.test("a domain's keys go to its members only, and open in it only", () => {
  using stage = new HubStage({}, ["shared", "private"]);
  stage.start(0, ["shared", "private"]);
  stage.start(1, ["shared"]);
  stage.tellList(0, "private", []);
  stage.pass(5 * second);
  const [shared, own] = ["shared", "private"].map((domain) => stage.sealing(0, domain)!);
  assert(stage.opens(1, shared!, "shared"));
  assert(!stage.opens(1, shared!, "private"));
  assert(!stage.opens(0, shared!, "private"));
  assert(!stage.opens(1, own!, "private") && !stage.opens(1, own!, "shared"));
});

Deno.test("the keys of a domain that the hub does not name seal, and are told to nobody", () => {
  using stage = new HubStage({}, ["shared"]);
  stage.start(0, ["shared", "mine"]);
  stage.start(1);
  assert.equal(stage.sealing(0, "mine"), undefined);
  stage.pass(5 * second);
  const name = stage.sealing(0, "mine")!;
  assert(!stage.names(1).includes(name));
});

Deno.test("a report tells names, states, ages and acknowledgements, and no key", () => {
  using stage = three();
  stage.pass(12 * hour);
  const { domains } = stage.edges.get(0)!.member.report();
  const [{ keys, foreignKeys, epoch }] = domains as [typeof domains[0]];
  assert.deepEqual(
    keys.map(({ state, age, acknowledged, members }) => ({ state, age, acknowledged, members })),
    [
      { state: "waiting", age: 0, acknowledged: 2, members: 2 },
      { state: "sealing", age: 12 * hour + 5 * second, acknowledged: 2, members: 2 },
    ],
  );
  assert.equal(foreignKeys, 4);
  assert.equal(epoch, 0);
});
