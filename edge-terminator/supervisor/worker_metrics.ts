import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from "prom-client";
import type { MetricSnapshot } from "../worker/control_messages.ts";

/**
 * The metrics of all workers as those of one edge: sums over the living, and counters and histograms of those that have
 * ended, so that a restart or a reload does not take back what was counted.
 */
export class WorkerMetrics {
  #retired: Promise<readonly MetricSnapshot[]> = Promise.resolve([]);

  /** Keeps what a worker that has ended had counted, by its last report. One after the other: each adds to the last. */
  async retire(snapshot: readonly MetricSnapshot[]): Promise<void> {
    const counted = snapshot.filter(({ type }) => type === "counter" || type === "histogram");
    this.#retired = this.#retired.then(async (earlier) => {
      try {
        // prom-client types a snapshot's values by kind; what comes back has the shape of what went in.
        return await aggregate([earlier, counted]).getMetricsAsJSON() as unknown as MetricSnapshot[];
      } catch {
        return earlier; // metrics that do not add up: those of a worker that was not itself
      }
    });
    await this.#retired;
  }

  /** Prometheus' text format. */
  async exposition(living: readonly (readonly MetricSnapshot[])[]): Promise<string> {
    return await aggregate([await this.#retired, ...living]).metrics();
  }
}

function aggregate(snapshots: readonly (readonly MetricSnapshot[])[]) {
  // aggregate() changes the values that it is given.
  const copies = snapshots.filter((snapshot) => snapshot.length > 0).map((snapshot) =>
    structuredClone(snapshot)
  );
  return AggregatorRegistry.aggregate(copies as unknown as MetricObjectWithValues<MetricValue<string>>[]);
}
