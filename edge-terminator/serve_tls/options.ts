import type { PoolBacking } from "../../shared/memory/locked_pool.ts";
import type { CipherSuite, NamedGroup } from "../../shared/tls_constants.ts";
import type { ConnectionLog } from "../connection/context.ts";
import type { TlsVersion } from "../tls/server_options.ts";
import type { TicketKeyProvider } from "../tls/tickets/ticket_key_provider.ts";
import type { Signer } from "./signer.ts";

/** A certificate, and who can use its private key. */
export interface TlsCertificate {
  /** PEM: the leaf first, then each issuer; the root may be left out. No private key. */
  readonly chain: string;
  readonly signer: Signer;
}

/** What is served under some names. */
export interface TlsSiteOptions {
  /** By preference, of different kinds of key: a client gets the first that it can use. Each must cover the site's names. */
  readonly certificates: readonly [TlsCertificate, ...TlsCertificate[]];
  /** By this side's preference; a client that offers others only is refused. {@link ServeTlsOptions.alpn} by default. */
  readonly alpn?: readonly string[];
  /** Absent: clients are not asked for certificates. */
  readonly clientCertificates?: ClientCertificateOptions;
}

/** Whose certificates clients show. They are validated by libcrypto, and again at each resumption. */
export interface ClientCertificateOptions {
  /** "required" refuses a client without one; "optional" takes it, but refuses one whose certificate is no good. */
  readonly mode: "required" | "optional";
  /** PEM: the only authorities that may vouch for clients; their names are sent. */
  readonly authorities: string;
  /** DER. With one, every authority of a client's chain needs a current one here. */
  readonly revocationLists?: readonly Uint8Array[];
}

/** Everything but `port` and one of `certificates` and `sites` has a safe default. */
export interface ServeTlsOptions {
  /** An IP address or a name of this host; "127.0.0.1" by default. */
  readonly hostname?: string;
  /** 0: any free one, told by `TlsServer.address`. */
  readonly port: number;
  /** For clients that send no name, and for every name that `sites` does not have. Absent: those are refused. */
  readonly certificates?: TlsSiteOptions["certificates"];
  /** For the same clients as `certificates`. Absent: they are not asked for any. */
  readonly clientCertificates?: ClientCertificateOptions;
  /** By name: exact, or with one wildcard label ("*.example.org"). */
  readonly sites?: Readonly<Record<string, TlsSiteOptions>>;
  /** By this side's preference. Empty, the default: ALPN is ignored. */
  readonly alpn?: readonly string[];
  /** Both by default; older ones are not spoken. */
  readonly versions?: readonly TlsVersion[];
  /** By preference; by default all that the engine speaks, AEADs with ephemeral keys only. */
  readonly cipherSuites?: readonly (keyof typeof CipherSuite)[];
  /** By preference; X25519MLKEM768, x25519, secp256r1, secp384r1 by default. */
  readonly groups?: readonly (keyof typeof NamedGroup)[];
  /** Whether sessions resume. By default they do, with random keys of this server alone, renewed every 12 hours. */
  readonly tickets?: TicketOptions | false;
  readonly limits?: Partial<ServeTlsLimits>;
  readonly memory?: ServeTlsMemory;
  /** Told of each handshake's end, good or bad, and of what breaks. Silent by default; a pino logger fits. */
  readonly log?: ConnectionLog;
  /** Aborting it is `TlsServer.close()`. */
  readonly signal?: AbortSignal;
}

/** Session tickets of both versions. */
export interface TicketOptions {
  /** Where ticket keys come from, when not from this server alone. */
  readonly keys?: TicketKeyProvider;
  /** Tickets that a TLS 1.3 handshake issues; 2 by default. */
  readonly count?: number;
  /** Milliseconds a ticket lives; 24 hours by default, which is also the most. */
  readonly lifetime?: number;
}

/** Whole numbers above 0; times in milliseconds. */
export interface ServeTlsLimits {
  /** Connections at a time, those in their handshake included; one more is closed at once. 1000. */
  readonly connections: number;
  /** From the accept to the client's Finished. 10 s. */
  readonly handshakeDeadline: number;
  /** For one signature, retries included. 3 s. */
  readonly keyOperationDeadline: number;
  /** Without a byte, once one direction has ended. 60 s. */
  readonly halfClosedIdle: number;
}

/** The locked pool of one server. */
export interface ServeTlsMemory {
  /** Locked memory for secrets; by default what `limits.connections` handshakes need at once. */
  readonly poolBytes?: number;
  /** "auto" by default: secretmem where the kernel has it, else mlock. */
  readonly backing?: PoolBacking | "auto";
}

/** What `limits` leaves out. */
export const defaultLimits: ServeTlsLimits = {
  connections: 1000,
  handshakeDeadline: 10_000,
  keyOperationDeadline: 3_000,
  halfClosedIdle: 60_000,
};
