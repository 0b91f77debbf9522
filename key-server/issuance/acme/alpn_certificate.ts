import { createHash } from "node:crypto";
import {
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from "../../../shared/pki/x509.ts";
import type { ChallengeEntity } from "../../registry/entities/challenge.ts";
import { derElement, derTag } from "../../token/der.ts";
import type { TokenKey } from "../../token/token_key.ts";
import { subjectAlternativeName, subjectOf } from "../certificate_request.ts";
import { serialNumber, validFor } from "../token_authority.ts";
import { tokenCrypto } from "../token_crypto.ts";

/** id-pe-acmeIdentifier (RFC 8737, Section 6.1). */
const acmeIdentifier = "1.3.6.1.5.5.7.1.31";

/** Milliseconds that such a certificate is good for: a CA asks within minutes. */
const lifetime = 86_400_000;

/** An answer to a tls-alpn-01 challenge, but for the key that it is signed with. */
export type AlpnChallenge = Omit<ChallengeEntity, "key">;

/**
 * The self-signed certificate that answers a tls-alpn-01 challenge (RFC 8737, Section 3): for that one name, with the SHA-256 of
 * the key authorization in a critical extension.
 */
export async function alpnChallenge(
  key: TokenKey,
  serverName: string,
  keyAuthorization: string,
  now: Date,
): Promise<AlpnChallenge> {
  const { crypto, ...pair } = tokenCrypto(key);
  const digest = new Uint8Array(createHash("sha256").update(keyAuthorization).digest());
  const authorization = new Uint8Array(derElement(derTag.octetString, digest));
  const validity = validFor(lifetime, now);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: subjectOf([serverName]),
    ...validity,
    ...pair,
    extensions: [
      subjectAlternativeName([serverName]),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new Extension(acmeIdentifier, true, authorization),
    ],
  }, crypto);
  return {
    serverName,
    certificate: new Uint8Array(certificate.rawData).toBase64(),
    expiresAt: validity.notAfter.toISOString(),
  };
}
