import { SignatureScheme } from "./tls_constants.ts";

/** The kinds of keys that a key server holds for certificates. */
export type ServerKeyType = "rsa" | "ecdsa-p256" | "ecdsa-p384" | "ed25519";

type SchemesByKeyType = Readonly<Record<ServerKeyType, readonly number[]>>;

const rsaPss = [
  SignatureScheme.rsa_pss_rsae_sha256,
  SignatureScheme.rsa_pss_rsae_sha384,
  SignatureScheme.rsa_pss_rsae_sha512,
];

const rsaPkcs1 = [
  SignatureScheme.rsa_pkcs1_sha256,
  SignatureScheme.rsa_pkcs1_sha384,
  SignatureScheme.rsa_pkcs1_sha512,
];

/** IANA numbers of what a key server signs with each kind of key, by preference. SHA-1 is nowhere. */
export const signatureSchemes: SchemesByKeyType = {
  "ecdsa-p256": [SignatureScheme.ecdsa_secp256r1_sha256, SignatureScheme.ecdsa_secp384r1_sha384],
  "ecdsa-p384": [SignatureScheme.ecdsa_secp384r1_sha384, SignatureScheme.ecdsa_secp256r1_sha256],
  "ed25519": [SignatureScheme.ed25519],
  "rsa": [...rsaPss, ...rsaPkcs1],
};

/**
 * What TLS 1.3 allows each kind of key: the curve of an ECDSA key decides, and PKCS#1 v1.5 is gone.
 *
 * RFC 8446, Section 4.2.3
 */
export const tls13SignatureSchemes: SchemesByKeyType = {
  ...signatureSchemes,
  "ecdsa-p256": [SignatureScheme.ecdsa_secp256r1_sha256],
  "ecdsa-p384": [SignatureScheme.ecdsa_secp384r1_sha384],
  "rsa": rsaPss,
};

/** What TLS 1.2 allows each kind of key: all. There a scheme names a hash, not a curve (RFC 8446, Section 4.2.3). */
export const tls12SignatureSchemes: SchemesByKeyType = signatureSchemes;
