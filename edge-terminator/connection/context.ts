import type { Secret } from "../../shared/memory/secret.ts";
import type { Encapsulation } from "../../shared/libcrypto/ml_kem.ts";
import type { RemoteSigner } from "../keyless/remote_signer.ts";
import type { EdgeMetrics } from "../proxy/metrics.ts";
import type { RsaDecryptionRequest, SessionRequest } from "../tls/server_events.ts";
import type { CachedSession } from "../tls/sessions/session_cache.ts";
import type { TlsServerEngine } from "../tls/server_engine.ts";
import type { ServedSite } from "./application.ts";

/** The part of {@link TlsServerEngine} that a connection drives. */
export type Engine = Omit<TlsServerEngine, "updateKeys">;

export interface ConnectionLimits {
  /** Milliseconds from the accept to the client's Finished. */
  readonly handshakeDeadline: number;
  /** Milliseconds for one private key operation, retries included. */
  readonly keyOperationDeadline: number;
  /** Milliseconds without a byte after which a connection with one direction at its end is closed. */
  readonly halfClosedIdle: number;
}

/** Where connections tell what becomes of them: one record an event, each with its name in `event`. */
export interface ConnectionLog {
  info(record: Readonly<Record<string, unknown>>): void;
  warn(record: Readonly<Record<string, unknown>>): void;
  error(record: Readonly<Record<string, unknown>>): void;
}

/** What all connections of a worker share. */
export interface ConnectionContext {
  readonly createEngine: () => Engine;
  readonly findSite: (
    serverName: string | undefined,
    alpnProtocols: readonly string[],
  ) => ServedSite | undefined;
  readonly signer: Pick<RemoteSigner, "sign">;
  /** The master secret in the engine's pool; absent where no engine offers RSA key exchange. */
  readonly rsaKeyExchange?: (
    request: RsaDecryptionRequest,
    options: { readonly deadline: number },
  ) => Promise<Secret>;
  readonly encapsulate: (encapsulationKey: Uint8Array) => Promise<Encapsulation>;
  /** A session that others may have made, within a bound on time; absent where no engine asks. Must not reject. */
  readonly findSession?: (request: SessionRequest) => Promise<CachedSession | undefined>;
  readonly metrics: Pick<EdgeMetrics, "handshake"> & Partial<Pick<EdgeMetrics, "clientCertificate">>;
  readonly log: ConnectionLog;
  readonly limits: ConnectionLimits;
}
