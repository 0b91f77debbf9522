import type { Metrics } from "../../shared/metrics.ts";

/** Read at each scrape. */
export interface TicketHubNumbers {
  readonly connected: () => number;
  readonly lost: () => number;
  readonly elsewhere: () => number;
  /** Characters that wait for members. */
  readonly waiting: () => number;
  readonly leftOut: () => number;
  readonly reachesOthers: () => boolean;
}

/** What became of a message from edge to edge. */
export type RelayResult = "delivered" | "queued" | "carried" | "dropped" | "refused";

/** What is counted of the hub for shared ticket keys. */
export class TicketHubMetrics {
  readonly #messages;
  readonly #bytes;
  readonly #pushes;

  constructor(metrics: Metrics, numbers: TicketHubNumbers) {
    metrics.gauge(
      "holdfast_key_server_ticket_members",
      "Live edges that share ticket keys: with a connection here (connected), lost within the grace (lost), and those that " +
        "only other key servers have (elsewhere).",
      ["state"],
      (gauge) => {
        for (const state of ["connected", "lost", "elsewhere"] as const) {
          gauge.set({ state }, numbers[state]());
        }
      },
    );
    metrics.gauge(
      "holdfast_key_server_ticket_members_left_out",
      "Members of ticket domains that are too large for one message: others do not know of them.",
      [],
      (gauge) => gauge.set(numbers.leftOut()),
    );
    metrics.gauge(
      "holdfast_key_server_ticket_waiting_bytes",
      "Sealed messages from edge to edge, in base64, that wait for their receivers.",
      [],
      (gauge) => gauge.set(numbers.waiting()),
    );
    metrics.gauge(
      "holdfast_key_server_ticket_hub_whole",
      "1 while this key server knows the edges of all others (always where it is by itself), 0 while the broker is away.",
      [],
      (gauge) => gauge.set(numbers.reachesOthers() ? 1 : 0),
    );
    this.#messages = metrics.counter(
      "holdfast_key_server_ticket_messages_total",
      "Messages from edge to edge: written to the receiver's connection (delivered), waiting for it (queued), handed to " +
        "another key server (carried), over a bound (dropped), between edges that share nothing (refused).",
      ["result"],
    );
    this.#bytes = metrics.counter(
      "holdfast_key_server_ticket_message_bytes_total",
      "Sealed messages from edge to edge that were relayed, in base64.",
    );
    this.#pushes = metrics.counter(
      "holdfast_key_server_ticket_member_pushes_total",
      "Times that an edge was told who is live in a ticket domain.",
    );
  }

  pushed(): void {
    this.#pushes.inc();
  }

  relayed(result: RelayResult, bytes: number): void {
    this.#messages.inc({ result });
    if (result !== "dropped" && result !== "refused") this.#bytes.inc(bytes);
  }
}
