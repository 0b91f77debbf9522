import assert from "node:assert/strict";
import { patched } from "./config_patch.ts";

Deno.test("a patch merges tables, replaces the rest, and leaves its base alone", () => {
  const base = {
    workers: 1,
    log: { level: "debug" },
    listen: [{ address: "a" }],
    tls: { transcript: "hash" },
  };
  const result = patched(base, {
    workers: 2,
    tls: { transcript: "strict" },
    listen: [{ address: "b" }],
    new: { a: 1 },
  });
  assert.deepEqual(result, {
    workers: 2,
    log: { level: "debug" },
    listen: [{ address: "b" }],
    tls: { transcript: "strict" },
    new: { a: 1 },
  });
  assert.equal(base.tls.transcript, "hash");
});
