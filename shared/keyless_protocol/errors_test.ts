import assert from "node:assert/strict";
import { KeylessError, type KeylessErrorCode, keylessErrorCode, keylessErrorNumbers } from "./errors.ts";

Deno.test("error numbers are what PROTOCOL.md says, and lead back to their names", async () => {
  const text = await Deno.readTextFile(new URL("./PROTOCOL.md", import.meta.url));
  const rows = [...text.matchAll(/^\| (\d) +\| ([a-z-]+) +\|/gm)].map((row) => [row[2], Number(row[1])]);
  assert.deepEqual(Object.fromEntries(rows), { ...keylessErrorNumbers });
  for (const [name, number] of Object.entries(keylessErrorNumbers)) {
    assert.equal(keylessErrorCode(number), name);
  }
  for (const number of [0, 8, 65_535]) assert.equal(keylessErrorCode(number), undefined);
});

Deno.test("a KeylessError carries its stable code and its public reason", () => {
  const error = new KeylessError("overloaded", "too many requests in flight");
  assert.equal(error.code satisfies KeylessErrorCode, "overloaded");
  assert.match(error.message, /^Cannot answer the key operation: too many/);
});
