import { Buffer } from "node:buffer";
import { constants, type KeyObject, verify } from "node:crypto";
import pkcs11js, { type Mechanism } from "pkcs11js";
import { concatenate } from "../../shared/codec/concatenate.ts";
import { digest } from "../../shared/libcrypto/digest.ts";
import type { ServerKeyType } from "../../shared/signature_schemes.ts";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import { ecdsaSignatureToDer } from "./der.ts";
import { pssEncode, type PssHash } from "./pss_padding.ts";

/** What C_SignInit and C_Sign are given. */
export interface TokenInput {
  readonly mechanism: Mechanism;
  readonly data: Uint8Array;
}

/** One way of making signatures of a scheme; which one a token can do, its self-test finds out. */
export interface SigningMethod {
  readonly scheme: number;
  /** For logs: the mechanism, in words. */
  readonly name: string;
  prepare(content: Uint8Array, keyBits: number): TokenInput;
  /** Turns C_Sign's output into the signature that TLS carries. */
  finish(output: Uint8Array): Uint8Array;
  verify(content: Uint8Array, signature: Uint8Array, key: KeyObject): boolean;
}

// PKCS#11 3.0; pkcs11js has the constants of 2.40 only.
const CKM_EDDSA = 0x1057;

const asIs = (output: Uint8Array) => output;

function ecdsa(scheme: number, hash: PssHash): SigningMethod {
  const mechanism = { mechanism: pkcs11js.CKM_ECDSA };
  return {
    scheme,
    name: "CKM_ECDSA",
    prepare: (content) => ({ mechanism, data: digest(hash, content) }),
    finish: ecdsaSignatureToDer,
    verify: (content, signature, key) => verify(hash, content, key, signature),
  };
}

const pssParameters = {
  sha256: { hashAlg: pkcs11js.CKM_SHA256, mgf: pkcs11js.CKG_MGF1_SHA256, saltLen: 32 },
  sha384: { hashAlg: pkcs11js.CKM_SHA384, mgf: pkcs11js.CKG_MGF1_SHA384, saltLen: 48 },
  sha512: { hashAlg: pkcs11js.CKM_SHA512, mgf: pkcs11js.CKG_MGF1_SHA512, saltLen: 64 },
};

function verifyPss(hash: PssHash): SigningMethod["verify"] {
  return (content, signature, key) =>
    verify(hash, content, {
      key,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }, signature);
}

function pss(scheme: number, hash: PssHash): SigningMethod {
  const parameter = { type: pkcs11js.CK_PARAMS_RSA_PSS, ...pssParameters[hash] };
  const mechanism = { mechanism: pkcs11js.CKM_RSA_PKCS_PSS, parameter };
  return {
    scheme,
    name: "CKM_RSA_PKCS_PSS",
    prepare: (content) => ({ mechanism, data: digest(hash, content) }),
    finish: asIs,
    verify: verifyPss(hash),
  };
}

/** For tokens that list CKM_RSA_PKCS_PSS and refuse it (TPMs) or do not have it. */
function softwarePss(scheme: number, hash: PssHash): SigningMethod {
  return {
    scheme,
    name: "CKM_RSA_X_509 with software PSS",
    prepare: (content, keyBits) => ({
      mechanism: { mechanism: pkcs11js.CKM_RSA_X_509 },
      data: pssEncode(hash, digest(hash, content), keyBits),
    }),
    finish: asIs,
    verify: verifyPss(hash),
  };
}

// DigestInfo before the hash itself (RFC 8017, Section 9.2, note 1).
const digestInfoPrefix = {
  sha256: Uint8Array.fromHex("3031300d060960864801650304020105000420"),
  sha384: Uint8Array.fromHex("3041300d060960864801650304020205000430"),
  sha512: Uint8Array.fromHex("3051300d060960864801650304020305000440"),
};

function pkcs1(scheme: number, hash: PssHash): SigningMethod {
  return {
    scheme,
    name: "CKM_RSA_PKCS",
    prepare: (content) => ({
      mechanism: { mechanism: pkcs11js.CKM_RSA_PKCS },
      data: concatenate([digestInfoPrefix[hash], digest(hash, content)]),
    }),
    finish: asIs,
    verify: (content, signature, key) => verify(hash, content, key, signature),
  };
}

const ed25519: SigningMethod = {
  scheme: SignatureScheme.ed25519,
  name: "CKM_EDDSA",
  prepare: (content) => ({ mechanism: { mechanism: CKM_EDDSA }, data: content }),
  finish: asIs,
  verify: (content, signature, key) => verify(null, Buffer.from(content), key, signature),
};

// A curve of another size than the hash takes its leftmost bits, or all: FIPS 186-5, Section 6.4.1.
const ecdsaSha256 = ecdsa(SignatureScheme.ecdsa_secp256r1_sha256, "sha256");
const ecdsaSha384 = ecdsa(SignatureScheme.ecdsa_secp384r1_sha384, "sha384");

/** Every method worth trying with a key of a type, the preferred one of each scheme first. */
export const candidateMethods: Record<ServerKeyType, readonly SigningMethod[]> = {
  "ecdsa-p256": [ecdsaSha256, ecdsaSha384],
  "ecdsa-p384": [ecdsaSha384, ecdsaSha256],
  "ed25519": [ed25519],
  "rsa": [
    pss(SignatureScheme.rsa_pss_rsae_sha256, "sha256"),
    softwarePss(SignatureScheme.rsa_pss_rsae_sha256, "sha256"),
    pss(SignatureScheme.rsa_pss_rsae_sha384, "sha384"),
    softwarePss(SignatureScheme.rsa_pss_rsae_sha384, "sha384"),
    pss(SignatureScheme.rsa_pss_rsae_sha512, "sha512"),
    softwarePss(SignatureScheme.rsa_pss_rsae_sha512, "sha512"),
    pkcs1(SignatureScheme.rsa_pkcs1_sha256, "sha256"),
    pkcs1(SignatureScheme.rsa_pkcs1_sha384, "sha384"),
    pkcs1(SignatureScheme.rsa_pkcs1_sha512, "sha512"),
  ],
};
