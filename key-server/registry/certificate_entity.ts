import { createHash } from "node:crypto";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import type { CertificateEntity } from "./entities/certificate.ts";

/** A chain in DER, leaf first, as the registry keeps it. Throws CertificateError for a leaf that cannot be read. */
export function certificateEntity(
  chain: readonly Uint8Array[],
  source: CertificateEntity["source"],
): CertificateEntity {
  const leaf = chain[0] ?? new Uint8Array(0);
  const { subjectKeyIdentifier, dnsNames, notBefore, notAfter } = parseCertificate(leaf);
  return {
    id: createHash("sha256").update(leaf).digest("hex"),
    subjectKeyIdentifier: subjectKeyIdentifier.toHex(),
    chain: chain.map((certificate) => certificate.toBase64()),
    serverNames: dnsNames.map((name) => name.toLowerCase()),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    source,
  };
}
