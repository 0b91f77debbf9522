import assert from "node:assert/strict";
import { connectionsUnder } from "./descriptor_budget.ts";

Deno.test("as many connections are taken as are wanted, unless the limit on open files is lower", () => {
  assert.equal(connectionsUnder(1_048_576, 10_000, 2), 10_000);
  assert.equal(connectionsUnder(Infinity, 10_000, 2), 10_000);
  assert.equal(connectionsUnder(20_000, 10_000, 2), 7920);
  assert.equal(connectionsUnder(20_000, 10_000, 1), 10_000);
});

Deno.test("half of a low limit is kept for a burst of connections; one connection always fits", () => {
  assert.equal(connectionsUnder(1024, 10_000, 1), 448);
  assert.equal(connectionsUnder(1024, 10_000, 2), 224);
  assert.equal(connectionsUnder(10, 10_000, 2), 1);
});
