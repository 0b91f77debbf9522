import assert from "node:assert/strict";
import { HubStage, instanceOf } from "../testing/hub_stage.ts";
import { MemberAuthority } from "../testing/member_identities.ts";
import { announce } from "./announcement.ts";
import { EphemeralKeyPair } from "../../../shared/libcrypto/key_agreement.ts";

const second = 1000;
const hour = 3600 * second;

function two(): HubStage {
  const stage = new HubStage();
  for (const id of [0, 1]) stage.start(id);
  stage.pass(5 * second);
  return stage;
}

/** Everything of an edge's keys that anybody could see. */
function stateOf(stage: HubStage, index: number): unknown {
  const { keys, pool } = stage.edges.get(index)!;
  return {
    blocks: pool.blocksInUse,
    keys: keys.status().map(({ name, state, age, isOwn }) => [name.toHex(), state, age, isOwn]),
  };
}

Deno.test("S18: letters that are repeated, in any order, to anybody, change nothing", () => {
  using stage = two();
  stage.start(2);
  stage.pass(5 * second);
  const states = () => [0, 1, 2].map((index) => stateOf(stage, index));
  const before = states();
  const letters = [...stage.letters];
  assert(letters.length >= 6);
  stage.carries = () => false;
  for (const letter of letters.toReversed()) {
    stage.deliver(letter);
    for (const to of [0, 1, 2]) stage.deliver({ ...letter, to });
    stage.deliver({ ...letter, from: letter.to, to: letter.from });
  }
  assert.deepEqual(states(), before);
});

Deno.test("S18: a key that is over does not come back by an old letter, whoever speaks for its maker by then", () => {
  using stage = two();
  const name = stage.sealing(0)!;
  const letters = [...stage.letters];
  stage.changeSpeaker(0);
  for (let hours = 0; hours < 37; hours++) stage.pass(hour);
  assert(!stage.opens(1, name));
  for (const letter of letters) stage.deliver(letter);
  assert(!stage.opens(1, name));
});

Deno.test("a hub that replays an old announcement makes nobody take old letters again", () => {
  using stage = two();
  const letters = [...stage.letters];
  const old = stage.memberOf(0);
  stage.now += 1;
  stage.changeSpeaker(0);
  stage.pass(second);
  const before = stateOf(stage, 1);
  stage.carries = () => false;
  stage.tellList(1, "default", [old]);
  for (const letter of letters.filter(({ to }) => to === 1)) stage.deliver(letter);
  assert.deepEqual(stateOf(stage, 1), before);
});

Deno.test("a hub that drops half of all letters delays what it carries, and no more", () => {
  using stage = new HubStage();
  let state = 1;
  stage.carries = () => (state = (state * 48_271) % 0x7fff_ffff) % 2 === 0;
  for (const id of [0, 1, 2]) stage.start(id);
  const areSealing = () => [0, 1, 2].every((id) => stage.sealing(id) !== undefined);
  for (let steps = 0; steps < 200 && !areSealing(); steps++) stage.pass(10 * second);
  for (const id of [0, 1, 2]) {
    for (const other of [0, 1, 2]) assert(stage.opens(id, stage.sealing(other)!));
  }
});

Deno.test("a letter that the hub delays for hours brings no key that opens longer than its maker's", () => {
  using stage = two();
  stage.carries = () => false;
  stage.pass(12 * hour);
  const { name, opensUntil } = stage.edges.get(0)!.keys.ownKeys("default")[0]!;
  const held = stage.letters.filter(({ from }) => from === 0).at(-1)!;
  stage.now += 3 * hour;
  stage.deliver(held);
  assert(stage.opens(1, name.toHex()));
  stage.now = opensUntil;
  assert(!stage.opens(1, name.toHex()));
});

Deno.test("members that the hub invents, of no CA or another one, get no key and hold nobody up", async () => {
  using stage = two();
  const stranger = await (await MemberAuthority.create()).identity("https://edge-9.holdfast.test/");
  using pair = EphemeralKeyPair.generate("x25519");
  const instance = instanceOf(9);
  const announcement = announce(stranger, instance, pair.publicKey, 1_800_000_000_000);
  const invented = { instance, edge: stranger.edge, announcement };
  const known = stage.memberOf(1);
  const changed = { ...known, announcement: { ...known.announcement, publicKey: pair.publicKey.toBase64() } };
  const renamed = { ...known, edge: stranger.edge };
  for (const list of [[invented, known], [changed], [renamed]]) {
    const { length } = stage.letters;
    stage.tellList(0, "default", list);
    assert(stage.refused.length > 0);
    stage.refused.length = 0;
    stage.pass(second);
    assert(stage.letters.slice(length).every(({ to }) => to === 0 || to === 1));
  }
  stage.tellMembers();
  stage.pass(12 * hour, 5 * second, second);
  assert(stage.opens(1, stage.sealing(0)!));
});

Deno.test("a letter from nobody who is known, of nonsense, or of one's own is refused", () => {
  using stage = two();
  const before = stateOf(stage, 0);
  for (const body of ["", "AAAA", new Uint8Array(1000).toBase64()]) {
    for (const from of [0, 1, 7]) stage.deliver({ from, to: 0, body });
  }
  assert.equal(stage.refused.length, 9);
  assert.deepEqual(stateOf(stage, 0), before);
});

Deno.test("an epoch that falls again, or is told twice, ends nothing more", () => {
  using stage = two();
  stage.epoch = 3;
  stage.tellMembers();
  stage.pass(second, second, 5 * second);
  const name = stage.sealing(0)!;
  for (const epoch of [3, 0]) {
    stage.epoch = epoch;
    stage.tellMembers();
    assert(stage.opens(0, name) && stage.opens(1, name));
  }
  stage.epoch = 2 ** 40;
  stage.tellMembers();
  assert(stage.opens(0, name), "an epoch that no letter can name began");
});

Deno.test("a member's key of zeros, or in place of another edge's, is not taken", () => {
  using stage = two();
  const { keys, pool } = stage.edges.get(0)!;
  const own = keys.ownKeys("default")[0]!;
  const before = stateOf(stage, 0);
  for (const fill of [0, 7]) {
    const secret = pool.rent(32);
    secret.bytes.fill(fill);
    const forged = { ...own, secret, origin: instanceOf(1), opensUntil: own.madeAt + 10 * second };
    assert.equal(keys.addForeign([forged]), 0, "a member shortened another edge's key");
  }
  assert.deepEqual(stateOf(stage, 0), before);
  assert.equal(stage.sealing(0), own.name.toHex());
  const weak = stage.edges.get(1)!;
  for (const { secret } of weak.keys.ownKeys("default")) secret.bytes.fill(0);
  stage.changeSpeaker(1);
  stage.changeSpeaker(0);
  stage.pass(second);
  assert(stage.refused.some((reason) => /all zeros/.test(reason)));
  assert.equal(keys.status().filter(({ isOwn }) => !isOwn).length, 1, "only what it had before");
  stage.start(2);
  stage.pass(second);
  assert(!stage.opens(2, weak.keys.ownKeys("default")[0]!.name.toHex()), "a key of zeros was taken");
});
