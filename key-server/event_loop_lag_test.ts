import assert from "node:assert/strict";
import { poll } from "../test/harness/poll.ts";
import { EventLoopLag } from "./event_loop_lag.ts";

Deno.test("the lag of an event loop that was held up shows, and nothing is sampled after the end", async () => {
  const samples: number[] = [];
  using lag = new EventLoopLag((seconds) => samples.push(seconds));
  await poll("a sample", () => samples.length > 0);
  const end = performance.now() + 200;
  while (performance.now() < end); // what the event loop is not to do
  await poll("the sample that was late", () => samples.some((seconds) => seconds > 0.1));
  lag[Symbol.dispose]();
  const { length } = samples;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(samples.length, length);
});
