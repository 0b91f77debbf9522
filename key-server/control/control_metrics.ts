import type { Metrics } from "../../shared/metrics.ts";
import type { EdgeRollout } from "./edge_rollout.ts";

/** Read at each scrape. */
export interface ControlNumbers {
  readonly connections: () => number;
  readonly version: () => number;
  readonly edges: () => readonly EdgeRollout[];
}

/** What is counted of control connections. */
export class ControlMetrics {
  readonly #pushes;
  readonly #acknowledgements;

  constructor(metrics: Metrics, { connections, version, edges }: ControlNumbers) {
    metrics.gauge(
      "holdfast_key_server_control_connections",
      "Open control connections of edges.",
      [],
      (gauge) => gauge.set(connections()),
    );
    metrics.gauge(
      "holdfast_key_server_registry_version",
      "The registry's version.",
      [],
      (gauge) => gauge.set(version()),
    );
    metrics.gauge(
      "holdfast_key_server_control_edges",
      "Live edges: those that serve by the registry's version (current), by an older one (behind), and those that were " +
        "lost within the grace (lost).",
      ["state"],
      (gauge) => {
        const states = edges().map((edge) => stateOf(edge, version()));
        for (const state of ["current", "behind", "lost"] as const) {
          gauge.set({ state }, states.filter((one) => one === state).length);
        }
      },
    );
    this.#pushes = metrics.counter(
      "holdfast_key_server_control_pushes_total",
      "Updates sent whole to an edge.",
    );
    this.#acknowledgements = metrics.counter(
      "holdfast_key_server_control_acknowledgements_total",
      "Updates that all workers of an edge serve by: ok, or with names that it could not use (problems).",
      ["result"],
    );
  }

  pushed(): void {
    this.#pushes.inc();
  }

  acknowledged(result: "ok" | "problems"): void {
    this.#acknowledgements.inc({ result });
  }
}

function stateOf({ connected, acknowledgedVersion }: EdgeRollout, version: number) {
  if (!connected) return "lost";
  return acknowledgedVersion >= version ? "current" : "behind";
}
