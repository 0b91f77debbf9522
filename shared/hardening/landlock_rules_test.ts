import assert from "node:assert/strict";
import { landlockRules, rightsToFiles } from "./landlock_rules.ts";
import type { Sandbox } from "./sandbox.ts";

const sandbox: Sandbox = {
  read: ["/r"],
  execute: ["/x"],
  readWrite: ["/w"],
  connect: [443],
  bind: [],
  isolated: true,
};

/** What is handled of files, of the network, and scoped; as far as the version's struct goes. */
function attributesOf(version: number, of: Partial<Sandbox> = {}): bigint[] {
  return [...new BigUint64Array(landlockRules({ ...sandbox, ...of }, version).attributes.buffer)];
}

Deno.test("each version of Landlock is asked for what it knows, and for no more: an unknown bit is EINVAL", () => {
  assert.deepEqual(attributesOf(1), [0x1fffn]);
  assert.deepEqual(attributesOf(2), [0x3fffn]);
  assert.deepEqual(attributesOf(3), [0x7fffn]);
  assert.deepEqual(attributesOf(4), [0x7fffn, 3n]);
  assert.deepEqual(attributesOf(5), [0xffffn, 3n]);
  assert.deepEqual(attributesOf(6), [0xffffn, 3n, 3n]);
  assert.deepEqual(attributesOf(99), [0xffffn, 3n, 3n]);
});

Deno.test("ports are left alone where every one is allowed, and by versions that know none", () => {
  assert.deepEqual(attributesOf(6, { connect: undefined, bind: undefined, isolated: false }), [
    0xffffn,
    0n,
    0n,
  ]);
  assert.deepEqual(attributesOf(6, { connect: undefined }), [0xffffn, 1n, 3n]);
  assert.deepEqual(landlockRules(sandbox, 3).ports, []);
  assert.deepEqual(landlockRules(sandbox, 4).ports, [{ port: 443, access: 2n }]);
});

Deno.test("no rule gives a right that is not handled, which is EINVAL too; reading does not give writing", () => {
  for (const version of [1, 2, 3, 4, 5, 6]) {
    const [handled = 0n] = attributesOf(version);
    const paths = new Map(landlockRules(sandbox, version).paths.map(({ path, access }) => [path, access]));
    for (const access of paths.values()) assert.equal(access & ~handled, 0n);
    assert.equal(paths.get("/r"), 0b1100n);
    assert.equal(paths.get("/x"), 0b0101n);
    assert.equal(paths.get("/w"), handled & ~1n);
    assert.equal(paths.get("/r")! & rightsToFiles, 0b0100n, "a file has no entries to list");
  }
});
