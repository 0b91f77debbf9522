import assert from "node:assert/strict";
import { ControlProtocolError } from "../../shared/control_protocol/errors.ts";
import { type ControlDocument, documentParts, emptyDocument, judge, withUpdate } from "./document.ts";
import { lineage, newerLineage, pushedName, update } from "./testing/pushed_names.ts";
import { UpdateAssembly } from "./update_assembly.ts";

const held: ControlDocument = { lineage, version: 5, names: new Map() };
const judgements: readonly [string, Parameters<typeof judge>[1], ReturnType<typeof judge>][] = [
  ["the next version", { lineage, version: 6, from: 5 }, "newer"],
  ["a version that sums up several, from an older one", { lineage, version: 9, from: 3 }, "newer"],
  ["a newer version whole", { lineage, version: 6, from: 0 }, "newer"],
  ["the held version", { lineage, version: 5, from: 4 }, "known"],
  ["an older version, whole or not", { lineage, version: 4, from: 0 }, "known"],
  ["a version that leaves out what came between", { lineage, version: 8, from: 6 }, "gap"],
  ["a newer lineage whole, however low its version", { lineage: newerLineage, version: 1, from: 0 }, "newer"],
  ["a newer lineage in part", { lineage: newerLineage, version: 9, from: 5 }, "gap"],
  ["version 0, of however new a lineage,", { lineage: newerLineage, version: 0, from: 0 }, "known"],
  ["an older lineage, however high its version", {
    lineage: lineage.replace("2026", "2025"),
    version: 900,
    from: 0,
  }, "older-lineage"],
];

for (const [what, header, judgement] of judgements) {
  Deno.test(`${what} is ${judgement}`, () => assert.equal(judge(held, header), judgement));
}

Deno.test("whoever holds nothing takes a whole update only", () => {
  assert.equal(judge(emptyDocument, { lineage, version: 7, from: 0 }), "newer");
  assert.equal(judge(emptyDocument, { lineage, version: 7, from: 3 }), "gap");
});

Deno.test("an update puts, removes and leaves the rest; a whole one drops it", () => {
  const names = ["a", "b", "c"].map((name) => pushedName(name, []));
  const first = withUpdate(emptyDocument, { ...update(1, { from: 0 }), put: names });
  const replaced = pushedName("a", [], { transcript: "strict" });
  const second = withUpdate(first, { ...update(2), put: [replaced], remove: ["b", "unknown"] });
  assert.deepEqual([...second.names.keys()], ["a", "c"]);
  assert.equal(second.names.get("a"), replaced);
  assert.deepEqual([...first.names.keys()], ["a", "b", "c"], "the former document is as it was");
  const third = withUpdate(second, { ...update(3, { from: 0 }), put: [names[1]!] });
  assert.deepEqual([...third.names.keys()], ["b"]);
});

Deno.test("a document cut into parts is the same when it is put together", () => {
  const names = Array.from({ length: 300 }, (_, index) => {
    const chain = ["A".repeat(4000)];
    return pushedName(`n${index}`, [{ id: "ab".repeat(32), chain, phase: "active" }]);
  });
  const document = withUpdate(emptyDocument, { ...update(9, { from: 0 }), put: names });
  const parts = [...documentParts(document)];
  assert.ok(parts.length > 3, "a large document has several parts");
  const assembly = new UpdateAssembly();
  const wholes = parts.map((part) => assembly.add(part));
  assert.deepEqual(wholes.slice(0, -1).filter((whole) => whole !== undefined), []);
  assert.deepEqual(withUpdate(emptyDocument, wholes.at(-1)!), document);
});

Deno.test("parts of different updates, and more names than an edge holds, are refused", () => {
  const assembly = new UpdateAssembly();
  assembly.add(update(3, { more: true }));
  assert.throws(() => assembly.add(update(4)), ControlProtocolError);
  const greedy = new UpdateAssembly();
  const many = Array.from({ length: 30_000 }, (_, index) => `n${index}`);
  greedy.add(update(3, { more: true, remove: many }));
  assert.throws(() => greedy.add(update(3, { more: true, remove: many })), ControlProtocolError);
  const bulky = new UpdateAssembly();
  const large = pushedName("n", [{
    id: "ab".repeat(32),
    chain: Array(10).fill("A".repeat(60_000)),
    phase: "active",
  }]);
  const fill = () => {
    for (let part = 0; part < 50; part++) bulky.add(update(3, { more: true, put: Array(10).fill(large) }));
  };
  assert.throws(fill, ControlProtocolError);
});
