import { defaultTicketDomain } from "./tickets/ticket_key_provider.ts";
import type { ClientCertificatePolicy } from "./client_certificates/policy.ts";
import type { ServedCertificate } from "./served_certificate.ts";

/** What the engine needs to know of the name a client asked for. */
export interface TlsSite {
  /** By preference: the engine takes the first one that the client can use. */
  readonly certificates: readonly ServedCertificate[];
  /** By the server's preference. Empty: the ALPN extension is ignored. */
  readonly alpnProtocols: readonly string[];
  /** Raise it to end every session made before, after a compromise; 0 by default. A renewed certificate keeps it. */
  readonly resumptionEpoch?: number;
  /** Sites of one domain share ticket keys; `default` by default. A session of one never resumes in another. */
  readonly ticketDomain?: string;
  /** Whether clients are told that their server_name was used (RFC 6066, Section 3). True by default. */
  readonly acknowledgesServerName?: boolean;
  /** Absent: clients are not asked for a certificate. */
  readonly clientCertificates?: ClientCertificatePolicy;
}

export function ticketDomainOf({ ticketDomain }: TlsSite): string {
  return ticketDomain ?? defaultTicketDomain;
}
