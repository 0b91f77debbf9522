import assert from "node:assert/strict";
import { RestartBackoff } from "./restart_backoff.ts";

const timing = { first: 100, longest: 1000, forgivenAfter: 60_000 };
const pauses = (backoff: RestartBackoff, count: number, served = 0) =>
  Array.from({ length: count }, () => backoff.next(served));

Deno.test("the first restart is immediate; the next ones wait longer and longer, up to a cap", () => {
  assert.deepEqual(pauses(new RestartBackoff(timing), 8), [0, 100, 200, 400, 800, 1000, 1000, 1000]);
});

Deno.test("a worker that crashes while serving is paused as well, until one has served long enough", () => {
  const backoff = new RestartBackoff(timing);
  assert.deepEqual(pauses(backoff, 4, 59_999), [0, 100, 200, 400]);
  assert.equal(backoff.next(60_000), 0);
  assert.equal(backoff.next(10), 100);
});

Deno.test("a slot that has crashed for days still waits no longer than the cap", () => {
  assert(pauses(new RestartBackoff(timing), 5000).every((pause) => pause <= 1000));
});
