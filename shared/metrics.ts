import { type Aggregator, Counter, Gauge, Histogram, Registry } from "prom-client";

/** Histogram bounds in seconds for work between 0.1 ms and 10 s: handshakes and key operations. */
const secondsBuckets = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/**
 * The metrics of one process. Every name starts with `holdfast_`, ends in its base unit (`_seconds`, `_bytes`) or, for
 * counters, in `_total`; label values are from small fixed sets, never a client's or a host's name.
 */
export class Metrics {
  readonly #registry = new Registry();

  counter<Label extends string = never>(
    name: `holdfast_${string}_total`,
    help: string,
    labelNames: readonly Label[] = [],
  ) {
    return new Counter<Label>({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  /**
   * `collect` is called at each scrape, so that a value that exists elsewhere is not kept twice. `aggregator`: what the
   * values of several processes make together.
   */
  gauge<Label extends string = never>(
    name: `holdfast_${string}`,
    help: string,
    labelNames: readonly Label[] = [],
    collect?: (gauge: Gauge<Label>) => void,
    aggregator: Aggregator = "sum",
  ): Gauge<Label> {
    const gauge: Gauge<Label> = new Gauge<Label>({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      aggregator,
      ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
    });
    return gauge;
  }

  /** A histogram of seconds. */
  seconds<Label extends string = never>(
    name: `holdfast_${string}_seconds`,
    help: string,
    labelNames: readonly Label[] = [],
  ) {
    return new Histogram<Label>({
      name,
      help,
      labelNames: [...labelNames],
      buckets: secondsBuckets,
      registers: [this.#registry],
    });
  }

  /** All metrics in Prometheus' text format. */
  exposition(): Promise<string> {
    return this.#registry.metrics();
  }

  /** All metrics as plain data, for another process to aggregate (prom-client's AggregatorRegistry). */
  snapshot(): Promise<unknown[]> {
    return this.#registry.getMetricsAsJSON();
  }
}

/** The type of {@link Metrics.exposition}. */
export const expositionContentType = "text/plain; version=0.0.4; charset=utf-8";
