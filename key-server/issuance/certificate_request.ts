import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from "../../shared/pki/x509.ts";
import type { TokenKey } from "../token/token_key.ts";
import { IssuanceError } from "./errors.ts";
import { tokenCrypto } from "./token_crypto.ts";

/** RFC 5280, Appendix A.1: ub-common-name. */
const longestCommonName = 64;

/** What a certificate for a server's key may be used for; `decrypts` for TLS 1.2's RSA key exchange. */
export function serverKeyUsage(decrypts: boolean): KeyUsagesExtension {
  const flags = KeyUsageFlags.digitalSignature | (decrypts ? KeyUsageFlags.keyEncipherment : 0);
  return new KeyUsagesExtension(flags, true);
}

/** Server names as subjectAltName: critical where the subject is empty (RFC 5280, Section 4.2.1.6). */
export function subjectAlternativeName(serverNames: readonly string[]): SubjectAlternativeNameExtension {
  const names: JsonGeneralNames = serverNames.map((value) => ({ type: "dns" as const, value }));
  return new SubjectAlternativeNameExtension(names, subjectOf(serverNames).length === 0);
}

/** The subject of a certificate for these names: the first that fits; nobody reads it any more, but some CAs ask. */
export function subjectOf(serverNames: readonly string[]): { CN: string[] }[] {
  const [commonName] = serverNames.filter((name) => name.length <= longestCommonName);
  return commonName === undefined ? [] : [{ CN: [commonName] }];
}

/**
 * A certificate request (RFC 2986) in PEM for these DNS names, signed by the key in its token. Throws IssuanceError without
 * names, TokenError.
 */
export async function certificateRequest(
  key: TokenKey,
  serverNames: readonly string[],
  decrypts: boolean,
): Promise<string> {
  if (serverNames.length === 0) {
    throw new IssuanceError("request a certificate", "it would be for no host name");
  }
  const { crypto, ...pair } = tokenCrypto(key);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: subjectOf(serverNames),
    ...pair,
    extensions: [
      subjectAlternativeName(serverNames),
      serverKeyUsage(decrypts),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ],
  }, crypto);
  return request.toString("pem") + "\n";
}
