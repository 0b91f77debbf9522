import assert from "node:assert/strict";
import { isUsable, type KeyServerHealth, SilenceDetector } from "./key_server_health.ts";

Deno.test("silence is as many looks in a row as the limit says, with an answer due and none come", () => {
  const detector = new SilenceDetector(2);
  assert.equal(detector.look(1, true), false);
  assert.equal(detector.look(1, true), false);
  assert.equal(detector.look(1, true), true);
});

Deno.test("an answer, or nothing being due, ends a silence", () => {
  const detector = new SilenceDetector(2);
  detector.look(1, true);
  detector.look(1, true);
  assert.equal(detector.look(2, true), false);
  assert.equal(detector.look(2, true), false);
  assert.equal(detector.look(2, false), false);
  assert.equal(detector.look(2, true), false);
  assert.equal(detector.look(2, true), true);
});

Deno.test("a key server is usable while it is connected and its breaker is closed", () => {
  const health: KeyServerHealth = {
    name: "x",
    connected: true,
    breaker: "closed",
    inFlight: 0,
    roundTrip: 1,
    endsAt: Infinity,
    lastError: undefined,
  };
  assert.ok(isUsable(health));
  assert.ok(!isUsable({ ...health, connected: false }));
  assert.ok(!isUsable({ ...health, breaker: "open" }));
  assert.ok(!isUsable({ ...health, breaker: "half-open" }));
});
