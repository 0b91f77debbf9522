import assert from "node:assert/strict";
import { dottedKey, lineOfKey } from "./key_location.ts";

const text = `a = 1
"odd key".b = 2

[table]
c = 3
[[list]]
d = 4
[[list]]
d = 5
[list.inner]
e = 6
[[list.more]]
f = 7
`;

Deno.test("a key's line is found at the top, in tables, in arrays of tables and in their inner tables", () => {
  const found = [["a"], ["odd key", "b"], ["table", "c"], ["list", 0, "d"], ["list", 1, "d"]].map((path) =>
    lineOfKey(text, path)
  );
  assert.deepEqual(found, [1, 2, 5, 7, 9]);
  assert.equal(lineOfKey(text, ["list", 1, "inner", "e"]), 11);
  assert.equal(lineOfKey(text, ["list", 1, "more", 0, "f"]), 13);
});

Deno.test("an absent key is placed at its table, or nowhere", () => {
  assert.equal(lineOfKey(text, ["list", 1, "absent"]), 8);
  assert.equal(lineOfKey(text, ["nothing", "here"]), undefined);
});

Deno.test("a path is written the way the documentation writes keys", () => {
  assert.equal(dottedKey(["site", 0, "backend"]), "site[0].backend");
});
