import { X509Certificate } from "../../shared/pki/x509.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";

/** Who a verified client certificate is for, and until when. */
export interface TlsIdentity {
  readonly identity: string;
  readonly notAfter: Date;
}

/**
 * The identity in an administrator's certificate, which TLS has verified: the one URI in its subjectAltName, else `cn:`
 * and its one common name, so that no common name can pass for a URI. Undefined where there is neither, or several.
 */
export function identityOfAdministrator(certificate: Uint8Array<ArrayBuffer>): TlsIdentity | undefined {
  const { uris, notAfter } = parseCertificate(certificate);
  if (uris.length > 0) return uris.length === 1 ? { identity: uris[0]!, notAfter } : undefined;
  const commonNames = new X509Certificate(certificate).subjectName.getField("CN");
  return commonNames.length === 1 ? { identity: `cn:${commonNames[0]}`, notAfter } : undefined;
}
