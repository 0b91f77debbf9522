import type { KeyType } from "../../../shared/libcrypto/x509.ts";
import { verifySignature } from "../../../shared/libcrypto/verify.ts";
import { AlertDescription, SignatureScheme } from "../../../shared/tls_constants.ts";
import type { CertificateVerify } from "../../../shared/tls_messages/certificate_verify.ts";
import { illegalParameter } from "../../../shared/tls_messages/errors.ts";
import { misbehaved } from "../errors.ts";
import type { TlsVersion } from "../server_options.ts";
import type { PeerCertificate } from "./peer_certificate.ts";
import { type ClientCertificatePolicy, offeredSchemes } from "./policy.ts";

const rsaPss: readonly number[] = [
  SignatureScheme.rsa_pss_rsae_sha256,
  SignatureScheme.rsa_pss_rsae_sha384,
  SignatureScheme.rsa_pss_rsae_sha512,
];
const rsaPkcs1: readonly number[] = [
  SignatureScheme.rsa_pkcs1_sha256,
  SignatureScheme.rsa_pkcs1_sha384,
  SignatureScheme.rsa_pkcs1_sha512,
];
const ecdsa: readonly number[] = [
  SignatureScheme.ecdsa_secp256r1_sha256,
  SignatureScheme.ecdsa_secp384r1_sha384,
  SignatureScheme.ecdsa_secp521r1_sha512,
];

export function isRsaScheme(scheme: number): boolean {
  return [...rsaPss, ...rsaPkcs1, ...rsaPkcs1Legacy].includes(scheme);
}

/** draft-ietf-tls-tls13-pkcs1: for old client keys in TLS 1.3 that can do nothing better. Never offered by default. */
const rsaPkcs1Legacy: readonly number[] = [
  SignatureScheme.rsa_pkcs1_sha256_legacy,
  SignatureScheme.rsa_pkcs1_sha384_legacy,
  SignatureScheme.rsa_pkcs1_sha512_legacy,
];

/** What a key signs with. The scheme decides the curve in TLS 1.3, and only the hash in TLS 1.2 (RFC 8446, Section 4.2.3). */
const schemesOf: Readonly<Record<TlsVersion, Readonly<Record<KeyType, readonly number[]>>>> = {
  "TLS 1.3": {
    "rsa": [...rsaPss, ...rsaPkcs1Legacy],
    "rsa-pss": [],
    "ecdsa-p256": [SignatureScheme.ecdsa_secp256r1_sha256],
    "ecdsa-p384": [SignatureScheme.ecdsa_secp384r1_sha384],
    "ecdsa-p521": [SignatureScheme.ecdsa_secp521r1_sha512],
    "ed25519": [SignatureScheme.ed25519],
  },
  "TLS 1.2": {
    "rsa": [...rsaPss, ...rsaPkcs1],
    "rsa-pss": [],
    "ecdsa-p256": ecdsa,
    "ecdsa-p384": ecdsa,
    "ecdsa-p521": ecdsa,
    "ed25519": [SignatureScheme.ed25519],
  },
};

/**
 * The client shows that it has its certificate's key, with a scheme that it was offered.
 *
 * RFC 8446, Section 4.4.3; RFC 5246, Section 7.4.8
 *
 * @param content what CertificateVerify signs
 */
export function verifyPeerSignature(
  version: TlsVersion,
  policy: ClientCertificatePolicy,
  { subjectPublicKeyInfo, keyType }: PeerCertificate,
  { algorithm, signature }: CertificateVerify,
  content: Uint8Array,
): void {
  if (!offeredSchemes(policy).includes(algorithm) || !schemesOf[version][keyType].includes(algorithm)) {
    throw illegalParameter(
      "WRONG_SIGNATURE_TYPE",
      `Cannot accept CertificateVerify: the scheme ${algorithm} was not offered or is not the key's`,
    );
  }
  const anyCurve = version === "TLS 1.2";
  if (!verifySignature(subjectPublicKeyInfo, algorithm, content, signature, { anyCurve })) {
    throw misbehaved(AlertDescription.decrypt_error, "BAD_SIGNATURE", "its signature does not verify");
  }
}
