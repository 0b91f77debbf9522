import type { Metrics } from "../../shared/metrics.ts";
import type { TicketEvents, TicketRefusal } from "../tls/tickets/ticket_events.ts";
import type { TicketCounts } from "./hub/ticket_report.ts";
import type { KeyState, KeyStatus } from "./key_ring.ts";

const states: readonly KeyState[] = ["waiting", "sealing", "opening"];
const reasons: readonly TicketRefusal[] = ["unknown-key", "unreadable", "expired", "other-terms"];

/** What a worker tells of its tickets and their keys: numbers and ages, never a name or a key. */
export class TicketMetrics implements TicketEvents {
  readonly #issued;
  readonly #resumed;
  readonly #refused;
  readonly #counts = { issued: 0, resumed: 0, refused: 0 };

  constructor(metrics: Metrics, status: () => readonly KeyStatus[]) {
    // All workers of an edge hold the same set: the edge's value is any worker's, not the sum.
    metrics.gauge(
      "holdfast_edge_ticket_keys",
      "Ticket keys held, by what they are good for now.",
      ["state"],
      (gauge) => {
        for (const state of states) {
          gauge.set({ state }, status().filter((key) => key.state === state).length);
        }
      },
      "max",
    );
    metrics.gauge(
      "holdfast_edge_ticket_keys_of_others",
      "Ticket keys of other edges that are held; each is a block of the locked pool.",
      [],
      (gauge) => gauge.set(status().filter(({ isOwn }) => !isOwn).length),
      "max",
    );
    metrics.gauge(
      "holdfast_edge_ticket_key_age_seconds",
      "Age of the ticket key that seals, and of the oldest one held.",
      ["key"],
      (gauge) => {
        gauge.reset();
        const keys = status();
        const sealing = keys.find(({ state }) => state === "sealing");
        if (sealing !== undefined) gauge.set({ key: "sealing" }, sealing.age / 1000);
        if (keys.length > 0) gauge.set({ key: "oldest" }, Math.max(...keys.map(({ age }) => age)) / 1000);
      },
      "max",
    );
    this.#issued = metrics.counter("holdfast_edge_tickets_issued_total", "Session tickets issued.");
    this.#resumed = metrics.counter("holdfast_edge_tickets_resumed_total", "Tickets that resumed a session.");
    this.#refused = metrics.counter(
      "holdfast_edge_tickets_refused_total",
      "Tickets that resumed nothing and led to a full handshake, by reason.",
      ["reason"],
    );
    for (const reason of reasons) this.#refused.inc({ reason }, 0);
  }

  /** Of this worker, since its start. */
  get counts(): TicketCounts {
    return { ...this.#counts };
  }

  issued(): void {
    this.#counts.issued++;
    this.#issued.inc();
  }

  resumed(): void {
    this.#counts.resumed++;
    this.#resumed.inc();
  }

  refused(reason: TicketRefusal): void {
    this.#counts.refused++;
    this.#refused.inc({ reason });
  }
}
