import type { KeylessErrorCode } from "../shared/keyless_protocol/errors.ts";
import type { OperationName } from "../shared/keyless_protocol/operations.ts";
import type { ChainFailure } from "../shared/libcrypto/x509_verify.ts";
import { Metrics } from "../shared/metrics.ts";
import { EventLoopLag } from "./event_loop_lag.ts";

/** Why a connection was not taken, or was cut. */
export type ConnectionRefusal =
  | "limit"
  | "handshake"
  | "no-certificate"
  | `certificate-${ChainFailure}`
  | "no-alpn"
  | "identity"
  | "revoked";

/** Read at each scrape. */
export interface LiveNumbers {
  readonly inFlight: () => number;
  readonly connections: () => number;
  readonly poolBlocks: () => number;
  readonly poolBlocksUsed: () => number;
}

/** What the key server counts. Labels are from small fixed sets. */
export class ServerMetrics {
  readonly #metrics = new Metrics();
  readonly #operations = this.#metrics.counter(
    "holdfast_key_server_operations_total",
    "Requests answered, by operation and result (ok, or the error's name).",
    ["operation", "result"],
  );
  readonly #seconds = this.#metrics.seconds(
    "holdfast_key_server_operation_seconds",
    "From a request's receipt to its answer, by operation.",
    ["operation"],
  );
  readonly #refusals = this.#metrics.counter(
    "holdfast_key_server_connections_refused_total",
    "Connections that were not taken or were cut, by reason.",
    ["reason"],
  );
  readonly #protocolErrors = this.#metrics.counter(
    "holdfast_key_server_protocol_errors_total",
    "Connections closed because the peer broke the protocol.",
  );
  readonly #lagSeconds = this.#metrics.seconds(
    "holdfast_key_server_event_loop_lag_seconds",
    "How late the event loop comes to a timer, sampled 50 times a second; up to 1 ms is the timers' own resolution.",
  );

  /** Samples the event loop's lag for as long as the process lives. */
  constructor({ inFlight, connections, poolBlocks, poolBlocksUsed }: LiveNumbers) {
    this.#metrics.gauge(
      "holdfast_key_server_in_flight",
      "Requests received and not answered.",
      [],
      (gauge) => gauge.set(inFlight()),
    );
    this.#metrics.gauge(
      "holdfast_key_server_connections",
      "Open connections, those in their handshake included.",
      [],
      (gauge) => gauge.set(connections()),
    );
    this.#metrics.gauge(
      "holdfast_pool_blocks",
      "Blocks of the locked pool.",
      [],
      (gauge) => gauge.set(poolBlocks()),
    );
    this.#metrics.gauge(
      "holdfast_pool_blocks_used",
      "Blocks of the locked pool that hold a secret.",
      [],
      (gauge) => gauge.set(poolBlocksUsed()),
    );
    new EventLoopLag((seconds) => this.#lagSeconds.observe(seconds));
  }

  /** For parts of the key server that have numbers of their own. */
  get registry(): Metrics {
    return this.#metrics;
  }

  operation(operation: OperationName | "unknown", result: "ok" | KeylessErrorCode, seconds: number): void {
    this.#operations.inc({ operation, result });
    this.#seconds.observe({ operation }, seconds);
  }

  connectionRefused(reason: ConnectionRefusal): void {
    this.#refusals.inc({ reason });
  }

  protocolError(): void {
    this.#protocolErrors.inc();
  }

  exposition(): Promise<string> {
    return this.#metrics.exposition();
  }
}
