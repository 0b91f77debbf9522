import type { ClientCertificatePolicy } from "../client_certificates/policy.ts";
import type { ApplicationTrafficSecret } from "../key_schedule/application_traffic_secret.ts";
import type { ExporterMasterSecret } from "../key_schedule/exporter_master_secret.ts";
import type { HandshakeSecret } from "../key_schedule/handshake_secret.ts";
import type {
  ClientHandshakeTrafficSecret,
  ServerHandshakeTrafficSecret,
} from "../key_schedule/handshake_traffic_secret.ts";
import type { MasterSecret } from "../key_schedule/master_secret.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import type { TlsSite } from "../site.ts";
import type { AcceptedPsk } from "../tickets/tls13_psk.ts";
import type { Tls13Choice, Tls13Signer } from "../tls13_choice.ts";

/** How the server proves itself: by a certificate's key, or by the session that a ticket brought back. */
export type Tls13Authentication = Tls13Signer | AcceptedPsk;

/** Everything that is decided about a TLS 1.3 handshake before its keys are exchanged. */
export interface Tls13Plan {
  readonly hello: ClientHello;
  readonly site: TlsSite;
  readonly choice: Tls13Choice;
  readonly authentication: Tls13Authentication;
  readonly helloRetryRequest: boolean;
}

/** What a TLS 1.3 handshake carries from ServerHello to Finished. The secrets are kept by the connection's keeper. */
export interface Tls13Handshake {
  readonly choice: Tls13Choice;
  readonly authentication: Tls13Authentication;
  /** Of the site: goes into its tickets. */
  readonly epoch: number;
  /** Of the site: whose keys its tickets are sealed with. */
  readonly ticketDomain: string;
  readonly issuesTickets: boolean;
  /** Of the site. A resumption goes by what the session says. */
  readonly clientCertificates: ClientCertificatePolicy | undefined;
  readonly helloRetryRequest: boolean;
  readonly handshakeSecret: HandshakeSecret;
  readonly clientSecret: ClientHandshakeTrafficSecret;
  readonly serverSecret: ServerHandshakeTrafficSecret;
}

/** The server's flight is sent: what the client's is read with. The secrets are kept by the connection's keeper. */
export interface Tls13FlightSent {
  readonly handshake: Tls13Handshake;
  readonly clientApplicationSecret: ApplicationTrafficSecret;
  readonly serverApplicationSecret: ApplicationTrafficSecret;
  /** Only kept for an application that exports. */
  readonly exporter: ExporterMasterSecret | undefined;
  /** Only kept for tickets. */
  readonly master: MasterSecret | undefined;
}
