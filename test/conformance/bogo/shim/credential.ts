import { createPrivateKey, type KeyObject } from "node:crypto";
import type { ServedCertificate } from "../../../../edge-terminator/tls/served_certificate.ts";
import { parseCertificate, pemToDer } from "../../../../shared/libcrypto/x509.ts";
import { SignatureScheme } from "../../../../shared/tls_constants.ts";
import type { ConnectionConfig, CredentialConfig } from "./shim_config.ts";
import { ShimFailure } from "./failure.ts";

/** A certificate that the runner gave, with its key. */
export interface Credential {
  /** Its place among the credentials, from 0; -1 for the default one, as `-expect-selected-credential` counts. */
  readonly number: number;
  readonly served: ServedCertificate;
  readonly privateKey: KeyObject;
}

/** What kinds of keys sign with, by preference; which of it a version allows is the engine's to know. */
const schemesByKeyType: Readonly<Record<string, readonly number[]>> = {
  "ecdsa-p256": [SignatureScheme.ecdsa_secp256r1_sha256, SignatureScheme.ecdsa_secp384r1_sha384],
  "ecdsa-p384": [SignatureScheme.ecdsa_secp384r1_sha384, SignatureScheme.ecdsa_secp256r1_sha256],
  "ed25519": [SignatureScheme.ed25519],
  "rsa": [
    SignatureScheme.rsa_pss_rsae_sha256,
    SignatureScheme.rsa_pkcs1_sha256,
    SignatureScheme.rsa_pss_rsae_sha384,
    SignatureScheme.rsa_pkcs1_sha384,
    SignatureScheme.rsa_pss_rsae_sha512,
    SignatureScheme.rsa_pkcs1_sha512,
  ],
};

/** The connection's credentials in the order in which they are tried: the default one comes last. */
export async function loadCredentials(
  { flags, credentials, defaultCredential }: ConnectionConfig,
): Promise<Credential[]> {
  const numbered = [...credentials.entries(), [-1, defaultCredential] as const];
  return await Promise.all(
    numbered.filter(([, config]) => config["cert-file"] !== undefined)
      .map(([number, config]) => loadCredential(number, config, flags["decline-ocsp-callback"] !== true)),
  );
}

async function loadCredential(
  number: number,
  config: CredentialConfig,
  staplesOcsp: boolean,
): Promise<Credential> {
  const chain = pemToDer(await Deno.readTextFile(config["cert-file"]!));
  const [leaf] = chain;
  if (leaf === undefined || config["key-file"] === undefined) {
    throw new ShimFailure(`credential ${number} has no certificate or no key`);
  }
  const { keyType, keyBits, subjectKeyIdentifier } = parseCertificate(leaf);
  const ocspResponse = staplesOcsp ? config["ocsp-response"] : undefined;
  const defaults = schemesByKeyType[keyType];
  if (defaults === undefined) throw new ShimFailure(`credential ${number} has a key of type ${keyType}`);
  return {
    number,
    served: {
      chain,
      subjectKeyIdentifier,
      keyType: keyType as ServedCertificate["keyType"],
      signatureSchemes: (config["signing-prefs"] ?? defaults).filter((scheme) => hasRoom(keyBits, scheme)),
      ...(ocspResponse && { ocspResponse }),
      ...(config["must-match-issuer"] &&
        { onlyForIssuers: chain.map((der) => parseCertificate(der).issuer) }),
    },
    privateKey: createPrivateKey(await Deno.readTextFile(config["key-file"])),
  };
}

/** RSA-PSS needs room for the hash, a salt as long, and two bytes: RFC 8017, Section 9.1.1. */
function hasRoom(keyBits: number, scheme: number): boolean {
  const needed: Readonly<Record<number, number>> = {
    [SignatureScheme.rsa_pss_rsae_sha384]: 2 * 48 + 2,
    [SignatureScheme.rsa_pss_rsae_sha512]: 2 * 64 + 2,
  };
  return Math.ceil(keyBits / 8) >= (needed[scheme] ?? 0);
}
