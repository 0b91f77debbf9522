import assert from "node:assert/strict";
import { announcement, edgeUri, instanceOf } from "../testing/hub_stage.ts";
import { OtherMembers } from "./other_members.ts";
import {
  type MemberRecord,
  memberRecordSchema,
  readRecord,
  relayedSchema,
  rotateSchema,
  writeRecord,
} from "./records.ts";

const since = "2026-11-21T12:00:00.000Z";

function record(number: number, changes: Partial<MemberRecord> = {}): MemberRecord {
  return { edge: edgeUri("a"), announcement: announcement(number), connected: true, since, ...changes };
}

Deno.test("a record that is written reads as the same, and anything else is refused", () => {
  const written = writeRecord(record(1));
  assert.deepEqual(readRecord(memberRecordSchema, written), record(1));
  const bad: readonly [Parameters<typeof readRecord>[0], unknown][] = [
    [memberRecordSchema, { ...record(1), edge: "no uri" }],
    [memberRecordSchema, { ...record(1), since: "yesterday" }],
    [memberRecordSchema, { ...record(1), more: 1 }],
    [memberRecordSchema, { ...record(1), announcement: announcement(1, { publicKey: "AAAA" }) }],
    [relayedSchema, { from: "1", to: instanceOf(2), body: "AAAA" }],
    [relayedSchema, { from: instanceOf(1), to: instanceOf(2), body: "no base64" }],
    [relayedSchema, { from: instanceOf(1), to: instanceOf(2), body: "A".repeat(100_000) }],
    [rotateSchema, { domain: "" }],
  ];
  for (const [schema, value] of bad) {
    assert.equal(readRecord(schema, writeRecord(value)), undefined, JSON.stringify(value).slice(0, 200));
  }
  assert.equal(readRecord(rotateSchema, written.subarray(1)), undefined, "no JSON");
  assert.equal(readRecord(rotateSchema, Uint8Array.of(0xff)), undefined, "no UTF-8");
});

Deno.test("an entry ends when it is not repeated for the grace, and a repetition changes nothing", () => {
  const others = new OtherMembers(1000);
  assert.equal(others.put(instanceOf(1), "s1", record(1), 0), true);
  assert.equal(others.put(instanceOf(1), "s1", record(1), 600), false);
  assert.equal(others.expire(1599), false);
  assert.equal(others.expire(1600), true);
  assert.equal(others.members.size, 0);
});

Deno.test("of a member at two key servers the newest announcement counts, and a connection at either", () => {
  const others = new OtherMembers(1000);
  others.put(instanceOf(1), "s1", record(1, { connected: false }), 0);
  const later = announcement(2, { madeAt: 2000 });
  others.put(instanceOf(1), "s2", record(2, { announcement: later }), 1);
  const member = others.members.get(instanceOf(1))!;
  assert.deepEqual([member.announcement, member.connected], [later, true]);
  assert.equal(others.serverOf(instanceOf(1)), "s2");
  assert.deepEqual(others.connectedTo(instanceOf(1)), ["s2"]);
  assert.equal(others.remove(instanceOf(1), "s2"), true);
  assert.equal(others.serverOf(instanceOf(1)), "s1", "it may come back there");
});

Deno.test("an instance is the first edge's that goes by it, as long as that is there", () => {
  const others = new OtherMembers(1000);
  others.put(instanceOf(1), "s1", record(1), 0);
  assert.equal(others.put(instanceOf(1), "s2", record(2, { edge: edgeUri("thief") }), 1), false);
  assert.equal(others.members.get(instanceOf(1))!.edge, edgeUri("a"));
  others.remove(instanceOf(1), "s1");
  assert.equal(others.put(instanceOf(1), "s2", record(2, { edge: edgeUri("b") }), 2), true);
});

Deno.test("a broker that makes members up fills no memory", () => {
  const others = new OtherMembers(1000);
  for (let index = 0; index < 20_100; index++) others.put(instanceOf(index), "s1", record(1), 0);
  assert.equal(others.members.size, 20_000);
});
