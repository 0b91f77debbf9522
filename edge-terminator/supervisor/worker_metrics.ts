import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from "prom-client";
import type { MetricSnapshot } from "../worker/control_messages.ts";

/**
 * The metrics of all workers as those of one edge: sums over the living, and counters and histograms of those that have
 * ended, so that a restart or a reload does not take back what was counted.
 */
export class WorkerMetrics {
  #retired: MetricSnapshot[] = [];

  /** Keeps what a worker that has ended had counted, by its last report. */
  async retire(snapshot: readonly MetricSnapshot[]): Promise<void> {
    const counted = snapshot.filter(({ type }) => type === "counter" || type === "histogram");
    // prom-client types a snapshot's values by kind; what comes back has the shape of what went in.
    this.#retired = await aggregate([this.#retired, counted])
      .getMetricsAsJSON() as unknown as MetricSnapshot[];
  }

  /** Prometheus' text format. */
  exposition(living: readonly (readonly MetricSnapshot[])[]): Promise<string> {
    return aggregate([this.#retired, ...living]).metrics();
  }
}

function aggregate(snapshots: readonly (readonly MetricSnapshot[])[]) {
  // aggregate() changes the values that it is given.
  const copies = snapshots.filter((snapshot) => snapshot.length > 0).map((snapshot) =>
    structuredClone(snapshot)
  );
  return AggregatorRegistry.aggregate(copies as unknown as MetricObjectWithValues<MetricValue<string>>[]);
}
