import { derToPem, issuerText, parseCertificate } from "../../../shared/libcrypto/x509.ts";
import type { CertificateEntity } from "../../registry/entities/certificate.ts";
import type { RegistryState } from "../../registry/registry.ts";
import { notFound } from "../errors.ts";
import type { CertificateSummary, CertificateView } from "../schemas/certificates.ts";
import type { AdminServices } from "../services.ts";

const day = 24 * 60 * 60 * 1000;

export function listCertificates({ registry: { state } }: AdminServices): CertificateSummary[] {
  const summarise = summaries(state);
  return state.list("certificate").map(summarise);
}

/** By its id, or by as much of it as no other certificate shares; not less than 6 digits. */
export function getCertificate({ registry: { state } }: AdminServices, id: string): CertificateView {
  const certificate = findCertificate(state, id);
  if (certificate === undefined) throw notFound("show a certificate", "certificate", id);
  return {
    ...summaries(state)(certificate),
    chain: certificate.chain.map((der) => derToPem(Uint8Array.fromBase64(der))).join(""),
  };
}

export function findCertificate(state: RegistryState, id: string): CertificateEntity | undefined {
  const whole = state.get("certificate", id);
  if (whole !== undefined || !/^[0-9a-f]{6,63}$/.test(id)) return whole;
  const [found, another] = state.list("certificate").filter((certificate) => certificate.id.startsWith(id));
  return another === undefined ? found : undefined;
}

/** Certificates that are served or about to be, and end before then. */
export function expiringCertificates(state: RegistryState, before: Date): CertificateSummary[] {
  return state.list("certificate")
    .filter(({ notAfter }) => notAfter < before.toISOString())
    .map(summaries(state))
    .filter(({ uses }) => uses.some(({ phase }) => phase !== "draining"));
}

/** Looks through names and keys once for all certificates. */
function summaries(state: RegistryState): (certificate: CertificateEntity) => CertificateSummary {
  const keys = new Map(state.list("key").map((key) => [key.subjectKeyIdentifier, key.name]));
  const uses = Map.groupBy(
    state.list("name").flatMap(({ name, bindings }) =>
      bindings.map(({ certificate, phase }) => ({ certificate, use: { name, phase } }))
    ),
    ({ certificate }) => certificate,
  );
  return ({ chain, ...certificate }) => {
    const der = Uint8Array.fromBase64(chain[0]!);
    const leaf = parseCertificate(der);
    return {
      ...certificate,
      subject: leaf.subject,
      issuer: issuerText(der),
      serialNumber: leaf.serialNumber,
      key: keys.get(certificate.subjectKeyIdentifier) ?? null,
      uses: (uses.get(certificate.id) ?? []).map(({ use }) => use),
      daysLeft: Math.floor((new Date(certificate.notAfter).getTime() - Date.now()) / day),
    };
  };
}
