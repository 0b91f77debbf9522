import assert from "node:assert/strict";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { MetricSnapshot } from "../worker/control_messages.ts";
import { parseExposition, sumOf } from "../../test/harness/exposition.ts";
import { WorkerMetrics } from "./worker_metrics.ts";

/** What a worker with so many handshakes and connections reports, as it comes over the pipe. */
async function snapshot(handshakes: number, connections: number): Promise<MetricSnapshot[]> {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: "handshakes_total", help: "H.", labelNames: ["result"], registers });
  counter.inc({ result: "ok" }, handshakes);
  new Gauge({ name: "connections", help: "C.", registers }).set(connections);
  const seconds = new Histogram({ name: "seconds", help: "S.", buckets: [0.1, 1], registers });
  for (let index = 0; index < handshakes; index++) seconds.observe(0.5);
  return JSON.parse(JSON.stringify(await registry.getMetricsAsJSON()));
}

const samplesOf = async (metrics: WorkerMetrics, ...living: MetricSnapshot[][]) =>
  parseExposition(await metrics.exposition(living));

Deno.test("counters, gauges and histograms of living workers are summed", async () => {
  const samples = await samplesOf(new WorkerMetrics(), await snapshot(3, 10), await snapshot(4, 20));
  assert.equal(sumOf(samples, "handshakes_total", { result: "ok" }), 7);
  assert.equal(sumOf(samples, "connections"), 30);
  assert.equal(sumOf(samples, "seconds_count"), 7);
  assert.equal(sumOf(samples, "seconds_bucket", { le: "0.1" }), 0);
  assert.equal(sumOf(samples, "seconds_bucket", { le: "1" }), 7);
});

Deno.test("a worker's end takes its gauges away and nothing that it had counted", async () => {
  const metrics = new WorkerMetrics();
  await metrics.retire(await snapshot(3, 10));
  await metrics.retire(await snapshot(5, 10));
  for (let scrape = 0; scrape < 2; scrape++) {
    const samples = await samplesOf(metrics, await snapshot(4, 20));
    assert.equal(sumOf(samples, "handshakes_total"), 12);
    assert.equal(sumOf(samples, "seconds_count"), 12);
    assert.equal(sumOf(samples, "connections"), 20);
  }
});

Deno.test("workers that end at the same moment are all counted", async () => {
  const metrics = new WorkerMetrics();
  const ended = await Promise.all([1, 2, 3, 4].map((handshakes) => snapshot(handshakes, 0)));
  await Promise.all(ended.map((last) => metrics.retire(last)));
  assert.equal(sumOf(await samplesOf(metrics), "handshakes_total"), 10);
});

Deno.test("an edge without any report yet has an empty exposition", async () => {
  assert.deepEqual(await samplesOf(new WorkerMetrics()), []);
});
