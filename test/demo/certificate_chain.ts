import { X509Certificate } from "node:crypto";
import type { Screen } from "./screen.ts";

/** Prints the chain that the client was sent, leaf first, and the root that it was told to trust. */
export function showChain(chain: readonly string[], rootPem: string, screen: Screen): void {
  const certificates = [...chain, rootPem].map((pem) => new X509Certificate(pem));
  for (const [index, certificate] of certificates.entries()) {
    const { publicKey, subject, validTo, subjectAltName } = certificate;
    const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
    const key = `${publicKey.asymmetricKeyType} ${namedCurve ?? modulusLength ?? ""}`.trim();
    const role = index === certificates.length - 1 ? "root, not sent" : index === 0 ? "leaf" : "intermediate";
    screen.line(`  ${index} ${subject.replaceAll("\n", ", ")}  (${role}; ${key}; until ${validTo})`);
    if (index === 0 && subjectAltName !== undefined) screen.line(`      names: ${subjectAltName}`);
  }
}
