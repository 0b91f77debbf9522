import assert from "node:assert/strict";
import { Metrics } from "./metrics.ts";

Deno.test("counters, gauges and seconds are exposed with their labels", async () => {
  const metrics = new Metrics();
  const operations = metrics.counter("holdfast_x_operations_total", "Operations.", ["result"]);
  operations.inc({ result: "ok" });
  operations.inc({ result: "ok" });
  metrics.seconds("holdfast_x_seconds", "Time taken.").observe(0.003);
  let inFlight = 1;
  metrics.gauge("holdfast_x_in_flight", "Requests in flight.", [], (gauge) => gauge.set(inFlight));
  inFlight = 7;
  const lines = (await metrics.exposition()).split("\n");
  assert(lines.includes('holdfast_x_operations_total{result="ok"} 2'));
  assert(lines.includes("holdfast_x_in_flight 7"));
  assert(lines.includes('holdfast_x_seconds_bucket{le="0.0025"} 0'));
  assert(lines.includes('holdfast_x_seconds_bucket{le="0.005"} 1'));
});

Deno.test("two sets of metrics in one process do not meet", async () => {
  const [one, other] = [new Metrics(), new Metrics()];
  one.counter("holdfast_x_total", "X.").inc();
  other.counter("holdfast_x_total", "X.");
  assert.match(await one.exposition(), /^holdfast_x_total 1$/m);
  assert.match(await other.exposition(), /^holdfast_x_total 0$/m);
});
