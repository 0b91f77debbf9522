import assert from "node:assert/strict";
import { createLogger } from "../shared/log.ts";
import { RefusalLog } from "./refusal_log.ts";

Deno.test("a flood of refusals is logged at a rate, and the next record says how many were left out", () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger("test", "info", (line) => lines.push(JSON.parse(line)));
  let now = 10_000;
  const refusals = new RefusalLog(log, () => now);
  for (let i = 0; i < 1000; i++) refusals.write({ i }, "refused");
  assert.equal(lines.length, 50);
  now += 1000;
  refusals.write({ i: 1000 }, "refused");
  assert.equal(lines.length, 51);
  assert.equal(lines[50]!.suppressed, 950);
  refusals.write({ i: 1001 }, "refused");
  assert.equal("suppressed" in lines[51]!, false);
});
