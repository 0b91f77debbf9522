import { constants, type KeyObject, sign, type SignKeyObjectInput } from "node:crypto";
import { HoldfastError } from "./errors.ts";
import { SignatureScheme } from "./tls_constants.ts";

interface SigningMethod {
  readonly hash: "sha256" | "sha384" | "sha512" | null;
  readonly padding?: number;
  readonly saltLength?: number;
}

/** RFC 8446, Section 4.2.3: the salt is as long as the digest. */
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

const methods: Readonly<Record<number, SigningMethod>> = {
  [SignatureScheme.ecdsa_secp256r1_sha256]: { hash: "sha256" },
  [SignatureScheme.ecdsa_secp384r1_sha384]: { hash: "sha384" },
  [SignatureScheme.ed25519]: { hash: null },
  [SignatureScheme.rsa_pss_rsae_sha256]: { hash: "sha256", ...pss },
  [SignatureScheme.rsa_pss_rsae_sha384]: { hash: "sha384", ...pss },
  [SignatureScheme.rsa_pss_rsae_sha512]: { hash: "sha512", ...pss },
  [SignatureScheme.rsa_pkcs1_sha256]: { hash: "sha256" },
  [SignatureScheme.rsa_pkcs1_sha384]: { hash: "sha384" },
  [SignatureScheme.rsa_pkcs1_sha512]: { hash: "sha512" },
};

/**
 * A signature by a private key of this process under a TLS signature scheme (IANA's number), as on the wire. Throws a
 * HoldfastError, code `scheme-unknown`; errors of `node:crypto` when the key does not fit.
 */
export function signMessage(key: KeyObject, scheme: number, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const how = methods[scheme];
  if (how === undefined) {
    const reason = `the scheme 0x${scheme.toString(16)} is none that it knows`;
    throw new HoldfastError("scheme-unknown", `Cannot sign: ${reason}`);
  }
  const { hash, ...parameters } = how;
  const input: SignKeyObjectInput = { key, ...parameters };
  return new Uint8Array(sign(hash, message, input));
}
