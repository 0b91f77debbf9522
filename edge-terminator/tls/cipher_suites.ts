import type { AeadName } from "../../shared/libcrypto/aead.ts";
import type { HashName } from "../../shared/libcrypto/digest.ts";
import { CipherSuite } from "../../shared/tls_constants.ts";

/** A cipher suite of TLS 1.3 (RFC 8446, Appendix B.4): an AEAD and the hash of its key schedule. */
export interface Tls13CipherSuite {
  readonly version: "TLS 1.3";
  readonly id: number;
  readonly aead: AeadName;
  readonly hash: HashName;
}

const tls13Suite = (id: number, aead: AeadName, hash: HashName): Tls13CipherSuite => ({
  version: "TLS 1.3",
  id,
  aead,
  hash,
});

const tls13Suites: readonly Tls13CipherSuite[] = [
  tls13Suite(CipherSuite.TLS_AES_128_GCM_SHA256, "aes-128-gcm", "sha256"),
  tls13Suite(CipherSuite.TLS_AES_256_GCM_SHA384, "aes-256-gcm", "sha384"),
  tls13Suite(CipherSuite.TLS_CHACHA20_POLY1305_SHA256, "chacha20-poly1305", "sha256"),
];

/**
 * A cipher suite of TLS 1.2 with an AEAD: ephemeral keys (RFC 5289; RFC 7905), or, only where the options list it, RSA
 * key exchange (RFC 5288).
 */
export interface Tls12CipherSuite {
  readonly version: "TLS 1.2";
  readonly id: number;
  readonly keyExchange: "ecdhe" | "rsa";
  /** What kind of certificate key signs, or decrypts. Ed25519 counts as ECDSA (RFC 8422, Section 5.10). */
  readonly authentication: "ecdsa" | "rsa";
  readonly aead: AeadName;
  /** The PRF's hash. */
  readonly hash: HashName;
  /** Bytes of the IV that the key block yields: 4 for AES-GCM (RFC 5288), 12 for ChaCha20-Poly1305. */
  readonly fixedIvLength: 4 | 12;
}

const tls12Suite = (
  id: number,
  authentication: "ecdsa" | "rsa",
  aead: AeadName,
  hash: HashName,
): Tls12CipherSuite => ({
  version: "TLS 1.2",
  id,
  keyExchange: "ecdhe",
  authentication,
  aead,
  hash,
  fixedIvLength: aead === "chacha20-poly1305" ? 12 : 4,
});

const tls12Suites: readonly Tls12CipherSuite[] = [
  tls12Suite(CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ecdsa", "aes-128-gcm", "sha256"),
  tls12Suite(CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "rsa", "aes-128-gcm", "sha256"),
  tls12Suite(CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ecdsa", "aes-256-gcm", "sha384"),
  tls12Suite(CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "rsa", "aes-256-gcm", "sha384"),
  tls12Suite(
    CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    "ecdsa",
    "chacha20-poly1305",
    "sha256",
  ),
  tls12Suite(CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "rsa", "chacha20-poly1305", "sha256"),
];

const rsaSuite = (id: number, aead: AeadName, hash: HashName): Tls12CipherSuite => ({
  ...tls12Suite(id, "rsa", aead, hash),
  keyExchange: "rsa",
});

const rsaSuites: readonly Tls12CipherSuite[] = [
  rsaSuite(CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256, "aes-128-gcm", "sha256"),
  rsaSuite(CipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384, "aes-256-gcm", "sha384"),
];

/** The TLS 1.2 suite of an IANA number; undefined when the engine does not speak it. */
export function findTls12CipherSuite(id: number): Tls12CipherSuite | undefined {
  return [...tls12Suites, ...rsaSuites].find((suite) => suite.id === id);
}

/** RSA key exchange: no forward secrecy, so it is off unless the options list it beside the others. */
export const rsaKeyExchangeSuites: readonly number[] = rsaSuites.map(({ id }) => id);

/** Every suite with ephemeral keys, by preference. */
export const allCipherSuites: readonly number[] = [...tls13Suites, ...tls12Suites].map(({ id }) => id);

/** The TLS 1.3 suite of an IANA number; undefined when the engine does not speak it. */
export function findTls13CipherSuite(id: number): Tls13CipherSuite | undefined {
  return tls13Suites.find((suite) => suite.id === id);
}

/**
 * How many full-size records one key may protect (RFC 8446, Section 5.5): 2^24.5 for AES-GCM. For
 * ChaCha20-Poly1305 the sequence number would wrap before its limit is reached; the bound below keeps the
 * count an exact integer.
 */
export const recordLimit: Record<AeadName, number> = {
  "aes-128-gcm": 2 ** 24,
  "aes-256-gcm": 2 ** 24,
  "chacha20-poly1305": 2 ** 48,
};
