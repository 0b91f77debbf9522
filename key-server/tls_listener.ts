import type { AddressInfo, Socket } from "node:net";
import { createServer, type Server, type TlsOptions, type TLSSocket } from "node:tls";
import type { TcpAddress } from "../shared/config/address.ts";
import { controlAlpn } from "../shared/control_protocol/frame.ts";
import { HoldfastError } from "../shared/errors.ts";
import { keylessAlpn } from "../shared/keyless_protocol/frame.ts";
import type { Logger } from "../shared/log.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import { CertificateJudge } from "./certificate_judge.ts";
import type { Connections } from "./connections.ts";
import type { OpenControl } from "./control/control_service.ts";
import { type EdgeIdentity, identityOfCertificate } from "./edge_identity.ts";
import { listening } from "./listening.ts";
import type { OwnIdentity } from "./own_identity.ts";
import { RefusalLog } from "./refusal_log.ts";
import { replicationAlpn } from "./registry/replication/messages.ts";
import type { OpenReplication } from "./registry/replication/open_replication.ts";
import { turnAway } from "./turn_away.ts";
import type { ConnectionRefusal, ServerMetrics } from "./server_metrics.ts";

/** Where to listen, as whom, and who takes over what connects. */
export interface TlsListenerOptions {
  readonly address: TcpAddress;
  readonly identity: OwnIdentity;
  /** Milliseconds from the accepted connection to the end of its handshake. */
  readonly handshakeDeadline: number;
  readonly connections: Connections;
  readonly openControl: OpenControl;
  /** For those who follow the registry; undefined: nobody may. */
  readonly openReplication: OpenReplication | undefined;
  readonly metrics: () => ServerMetrics;
  readonly audit: AuditLog;
  readonly log: Logger;
}

const alpnProtocols = [keylessAlpn, controlAlpn, replicationAlpn] as const;
type Protocol = (typeof alpnProtocols)[number];

/** The accepted socket under a TLS one: node:tls keeps it here, and tells it by no other way. */
type WithParent = TLSSocket & { readonly _parent: Socket };

/**
 * TLS 1.3 only, a certificate asked for. Whoever has none of the edges' authority is refused by us, not by TLS, which Deno
 * would close without a word: so that the peer, the log and the metrics are told why. ALPN is checked again: Deno takes a
 * peer without.
 */
function contextOf(identity: OwnIdentity): TlsOptions {
  return {
    ...identity,
    minVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: [...alpnProtocols],
  };
}

/** The keyless, the control and the replication protocol over mutual TLS 1.3: its ALPN says which. */
export class TlsListener {
  readonly #options: TlsListenerOptions;
  readonly #server: Server;
  readonly #refusals: RefusalLog;
  #judge: CertificateJudge;

  private constructor(options: TlsListenerOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.log);
    const { identity, handshakeDeadline } = options;
    this.#judge = new CertificateJudge(identity.ca);
    // Half-open, so that an edge that has said all still gets its answers.
    const behaviour = { allowHalfOpen: true, handshakeTimeout: handshakeDeadline };
    this.#server = createServer({ ...contextOf(identity), ...behaviour } as TlsOptions);
    this.#server.on("connection", (socket: Socket) => this.#accept(socket));
    this.#server.on("secureConnection", (socket: TLSSocket) => this.#secured(socket));
    this.#server.on("tlsClientError", (error: Error, socket: TLSSocket | undefined) => {
      this.#refuse("handshake", error.message, socket);
    });
  }

  /** Resolves once it listens. Throws ListenError. */
  static async start(options: TlsListenerOptions): Promise<TlsListener> {
    const listener = new TlsListener(options);
    const { host, port } = options.address;
    const server = listener.#server;
    await listening(server, `${host}:${port}`, (done) => server.listen(port, host, done));
    return listener;
  }

  /** Where it listens, with the real port. */
  get address(): TcpAddress {
    const { port } = this.#server.address() as AddressInfo;
    return { host: this.#options.address.host, port };
  }

  /** New connections meet this identity and this authority; open ones stay. */
  replaceIdentity(identity: OwnIdentity): void {
    this.#server.setSecureContext(contextOf(identity));
    this.#judge = new CertificateJudge(identity.ca);
  }

  /** Takes no new connection; open ones stay. */
  close(): void {
    this.#server.close();
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {}); // A reset is an end like another; "close" follows.
    this.#options.connections.admit(socket);
  }

  #secured(socket: TLSSocket): void {
    // Or a signature waits until the edge has acknowledged the pong before it: measured, a second round trip.
    socket.setNoDelay(true);
    socket.on("error", () => {});
    const protocol = alpnProtocols.find((name) => name === socket.alpnProtocol);
    if (protocol === undefined) {
      return this.#refuse("no-alpn", "the peer negotiated no protocol of ours", socket);
    }
    const certificate = socket.getPeerCertificate()?.raw as Uint8Array | undefined;
    if (!socket.authorized || certificate === undefined) {
      const { why, reason } = this.#judge.reasonAgainst(certificate);
      return this.#refuse(why, reason, socket);
    }
    try {
      const admitted = (socket as WithParent)._parent;
      this.#serve(socket, protocol, identityOfCertificate(certificate), admitted);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      this.#refuse("identity", error.message, socket);
    }
  }

  #serve(socket: TLSSocket, protocol: Protocol, edge: EdgeIdentity, admitted: Socket): void {
    const { connections, openControl, openReplication } = this.#options;
    switch (protocol) {
      case keylessAlpn:
        return connections.serve(socket, edge, { admitted });
      case controlAlpn:
        return connections.serve(socket, edge, { admitted, open: openControl });
      case replicationAlpn:
        if (openReplication === undefined) {
          return this.#refuse("identity", "nobody follows this registry", socket);
        }
        return connections.serve(socket, edge, { admitted, open: openReplication });
    }
  }

  #refuse(why: ConnectionRefusal, reason: string, socket: TLSSocket | undefined): void {
    this.#options.metrics().connectionRefused(why);
    const peer = socket?.remoteAddress;
    this.#options.audit.record({ kind: "connection-refused", peer, why, reason });
    this.#refusals.write({ event: "connection-refused", why, reason, peer }, "connection refused");
    if (socket !== undefined) turnAway(socket, reason);
  }
}
