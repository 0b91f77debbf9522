import { CertificateError } from "../../../shared/libcrypto/errors.ts";
import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import { certificateEntity } from "../certificate_entity.ts";
import type { CertificateEntity } from "../entities/certificate.ts";
import type { Change, RegistryState } from "../registry.ts";

/** A certificate's fields are those of its DER, and it never changes. */
export function* certificateProblems(
  before: RegistryState,
  _after: RegistryState,
  changes: readonly Change[],
): Iterable<string> {
  for (const change of changes) {
    if ("remove" in change) continue;
    if (change.kind === "authority") {
      yield* chainProblems(`the authority ${change.put.name}`, change.put.chain);
    }
    if (change.kind === "challenge") yield* chainProblems("a challenge", [change.put.certificate]);
    if (change.kind !== "certificate") continue;
    const { id, chain } = change.put;
    if (before.get("certificate", id) !== undefined) yield `the certificate ${id} is there and never changes`;
    yield* chainProblems(`the certificate ${id}`, chain);
    yield* fieldProblems(change.put);
  }
}

function* chainProblems(what: string, chain: readonly string[]): Iterable<string> {
  for (const [index, der] of chain.entries()) {
    try {
      parseCertificate(Uint8Array.fromBase64(der));
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      yield `${what} cannot be read: ${
        index === 0 ? "its leaf" : `number ${index} above its leaf`
      } is malformed`;
    }
  }
}

function* fieldProblems(certificate: CertificateEntity): Iterable<string> {
  const chain = certificate.chain.map((der) => Uint8Array.fromBase64(der));
  const real = certificateEntity(chain, certificate.source);
  for (const field of ["id", "subjectKeyIdentifier", "serverNames", "notBefore", "notAfter"] as const) {
    if (JSON.stringify(real[field]) !== JSON.stringify(certificate[field])) {
      yield `the ${field} of the certificate ${certificate.id} is not what its leaf says`;
    }
  }
}
