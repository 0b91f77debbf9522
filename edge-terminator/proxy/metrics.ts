import { Metrics } from "../../shared/metrics.ts";
import { AlertDescription, nameOf, ProtocolVersion } from "../../shared/tls_constants.ts";
import type { ClientCertificateResult } from "../connection/client_authentication.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { KeylessEvents } from "../keyless/events.ts";

/**
 * How a handshake ended. `aborted`: the client went away, or sent a fatal alert; `deadline`: it took too long;
 * `gave-way`: it was the oldest when there was no place for a newcomer.
 */
export type HandshakeResult = "ok" | "refused" | "aborted" | "deadline" | "gave-way";

/** Why a connection was not served at all. */
export type RefusalReason = "connection-limit" | "pool-exhausted";

/** What one worker counts. Labels come from small fixed sets, whatever a client sends. */
export class EdgeMetrics {
  readonly registry = new Metrics();
  readonly #handshakes = this.registry.counter(
    "holdfast_edge_handshakes_total",
    "TLS handshakes that ended, by result, alert sent or received, and version.",
    ["result", "alert", "version"],
  );
  readonly #handshakeSeconds = this.registry.seconds(
    "holdfast_edge_handshake_seconds",
    "Time from accept to the client's Finished, of handshakes that succeeded.",
  );
  readonly #clientCertificates = this.registry.counter(
    "holdfast_edge_client_certificates_total",
    "Handshakes in which a client certificate was asked for, by what became of it.",
    ["result"],
  );
  readonly #refused = this.registry.counter(
    "holdfast_edge_refused_connections_total",
    "Connections closed without a handshake.",
    ["reason"],
  );
  readonly #keyOperations = this.registry.counter(
    "holdfast_edge_key_operations_total",
    "Private key operations asked of key servers.",
    ["operation", "result"],
  );
  readonly #keyOperationSeconds = this.registry.seconds(
    "holdfast_edge_key_operation_seconds",
    "Time from a handshake's question to its answer, retries included.",
    ["operation"],
  );

  constructor(pool: LockedPool, openConnections: () => number) {
    this.registry.gauge(
      "holdfast_edge_connections",
      "Open client connections.",
      [],
      (gauge) => gauge.set(openConnections()),
    );
    this.registry.gauge(
      "holdfast_pool_blocks",
      "Blocks of the locked pool.",
      [],
      (gauge) => gauge.set(pool.blockCount),
    );
    this.registry.gauge(
      "holdfast_pool_blocks_used",
      "Blocks of the locked pool that hold a secret.",
      [],
      (gauge) => gauge.set(pool.blocksInUse),
    );
  }

  /** `alert` and `version` are IANA numbers, as far as there are any. */
  handshake(
    result: HandshakeResult,
    alert: number | undefined,
    version: number | undefined,
    seconds: number,
  ): void {
    this.#handshakes.inc({
      result,
      alert: alert === undefined ? "none" : knownName(AlertDescription, alert),
      version: version === undefined ? "none" : knownName(ProtocolVersion, version).replace("_", "."),
    });
    if (result === "ok") this.#handshakeSeconds.observe(seconds);
  }

  clientCertificate(result: ClientCertificateResult): void {
    this.#clientCertificates.inc({ result });
  }

  refused(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }

  /** Told of every operation by the remote signer. */
  readonly operation: NonNullable<KeylessEvents["operation"]> = ({ operation, result, seconds }) => {
    this.#keyOperations.inc({ operation, result });
    this.#keyOperationSeconds.observe({ operation }, seconds);
  };
}

/** A peer chooses the number of the alert that it sends: only names from the table become labels. */
function knownName(table: Readonly<Record<string, number>>, value: number): string {
  const name = nameOf(table, value);
  return name in table ? name : "other";
}
