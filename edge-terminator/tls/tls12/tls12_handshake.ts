import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { requireUncompressedPoints } from "../../../shared/tls_messages/extensions/ec_point_formats.ts";
import { requireInitialHandshake } from "../../../shared/tls_messages/extensions/renegotiation_info.ts";
import type { AuthenticatedPeer } from "../client_certificates/peer.ts";
import type { PeerCertificate } from "../client_certificates/peer_certificate.ts";
import type { ClientCertificatePolicy } from "../client_certificates/policy.ts";
import { nothingInCommon } from "../errors.ts";
import type { ResolvedOptions } from "../server_options.ts";
import type { NegotiatedParameters } from "../server_events.ts";
import type { Randoms, Tls12MasterSecret } from "./master_secret.ts";
import { refuseFallback, type Tls12Terms } from "./tls12_choice.ts";

/** What a TLS 1.2 handshake has agreed on by its ServerHello. */
export interface Tls12Handshake {
  readonly terms: Tls12Terms;
  /** IANA number; in a resumption that of the session; 0 with RSA key exchange. */
  readonly group: number;
  /** IANA number; 0 in a resumption and with RSA key exchange. */
  readonly signatureScheme: number;
  readonly randoms: Randoms;
  readonly extendedMasterSecret: boolean;
  /** ServerHello.session_id; empty for none. */
  readonly sessionId: Uint8Array;
  /** Whether the session id is for the cache, or comes from it; otherwise it only answers a ticket's. */
  readonly cachesSession: boolean;
  readonly promisesTicket: boolean;
  readonly acknowledgesServerName: boolean;
  /** Whether a CertificateStatus follows the Certificate (RFC 6066, Section 8). */
  readonly staples: boolean;
  /** The most content the client takes in one protected record (RFC 8449). */
  readonly maxSentContent: number;
  /** Of the site: goes into its tickets. */
  readonly epoch: number;
  /** Of the site: whose keys its tickets are sealed with. */
  readonly ticketDomain: string;
  /** Of the session that is resumed. */
  readonly issuedAt?: number;
  /** Of the site. A resumption goes by what the session says. */
  readonly clientCertificates: ClientCertificatePolicy | undefined;
  /** Accepted, but the client has not signed with its key yet. */
  readonly clientCertificate?: PeerCertificate;
  readonly peer?: AuthenticatedPeer;
}

/** A handshake whose secret is there. The connection's keeper keeps it. */
export interface Tls12Secured extends Tls12Handshake {
  readonly master: Tls12MasterSecret;
}

/** What TLS 1.2 demands of a ClientHello besides its form (RFC 5746, RFC 7507, RFC 7627, Section 5.3, RFC 8422). */
export function checkTls12ClientHello(options: ResolvedOptions, hello: ClientHello): void {
  refuseFallback(options, hello);
  requireInitialHandshake(hello.known.renegotiationInfo);
  requireUncompressedPoints(hello.known.ecPointFormats);
  if (options.requiresExtendedMasterSecret && !hello.known.extendedMasterSecret) {
    throw nothingInCommon(
      AlertDescription.handshake_failure,
      "EXTENDED_MASTER_SECRET_REQUIRED",
      "it does not do extended master secrets",
    );
  }
}

/** RFC 8449, Section 4: in TLS 1.2 the limit is on the content. */
export function maxSentContentOf({ maxSentContent }: ResolvedOptions, hello: ClientHello): number {
  return Math.min(maxSentContent, hello.known.recordSizeLimit ?? maxSentContent);
}

/** What the owner of the engine is told of a complete handshake. */
export function negotiatedTls12(handshake: Tls12Handshake, resumed: boolean): NegotiatedParameters {
  const { terms, group, signatureScheme, extendedMasterSecret, peer } = handshake;
  return {
    version: ProtocolVersion.TLSv1_2,
    cipherSuite: terms.suite.id,
    group,
    signatureScheme,
    ...(terms.serverName === undefined ? {} : { serverName: terms.serverName }),
    ...(terms.alpnProtocol === undefined ? {} : { alpnProtocol: terms.alpnProtocol }),
    resumed,
    extendedMasterSecret,
    helloRetryRequest: false,
    ...(peer === undefined ? {} : { peer }),
  };
}
