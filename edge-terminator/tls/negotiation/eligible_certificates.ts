import { AlertDescription } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { CertificateType } from "../../../shared/tls_messages/extensions/certificate_type.ts";
import { nothingInCommon } from "../errors.ts";
import type { ServedCertificate } from "../served_certificate.ts";
import type { TlsSite } from "../site.ts";

/** The site's certificates that the client can trust at all, whatever their keys sign with. Not empty. */
export function eligibleCertificates(site: TlsSite, hello: ClientHello): readonly ServedCertificate[] {
  requireX509(hello);
  const eligible = site.certificates.filter((certificate) => isForAuthorities(certificate, hello));
  if (eligible.length > 0) return eligible;
  throw nothingInCommon(
    AlertDescription.handshake_failure,
    "NO_MATCHING_ISSUER",
    "every certificate is for clients that name its issuer",
  );
}

/**
 * RFC 7250, Section 4.2: a client may ask for other than X.509 certificates. Only servers that know the extension's
 * other types owe it unsupported_certificate.
 */
function requireX509({ known: { serverCertificateType } }: ClientHello): void {
  if (serverCertificateType === undefined || serverCertificateType.includes(CertificateType.X509)) return;
  throw nothingInCommon(
    AlertDescription.handshake_failure,
    "UNKNOWN_CERTIFICATE_TYPE",
    "it takes no X.509 certificate",
  );
}

/** RFC 8446, Section 4.2.4 */
function isForAuthorities({ onlyForIssuers }: ServedCertificate, { known }: ClientHello): boolean {
  const named = known.certificateAuthorities?.map((name) => name.toHex()) ?? [];
  return onlyForIssuers === undefined || onlyForIssuers.some((issuer) => named.includes(issuer.toHex()));
}
