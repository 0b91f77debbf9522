import type { KeyType } from "../../../shared/libcrypto/x509.ts";
import { verifySignature } from "../../../shared/libcrypto/verify.ts";
import {
  signatureSchemes,
  tls12SignatureSchemes,
  tls13SignatureSchemes,
} from "../../../shared/signature_schemes.ts";
import { AlertDescription, SignatureScheme } from "../../../shared/tls_constants.ts";
import type { CertificateVerify } from "../../../shared/tls_messages/certificate_verify.ts";
import { illegalParameter } from "../../../shared/tls_messages/errors.ts";
import { misbehaved } from "../errors.ts";
import type { TlsVersion } from "../server_options.ts";
import { type PeerCertificate, unreadableLeaf } from "./peer_certificate.ts";
import { type ClientCertificatePolicy, offeredSchemes } from "./policy.ts";

/** draft-ietf-tls-tls13-pkcs1: for old client keys in TLS 1.3 that can do nothing better. Never offered by default. */
const rsaPkcs1Legacy: readonly number[] = [
  SignatureScheme.rsa_pkcs1_sha256_legacy,
  SignatureScheme.rsa_pkcs1_sha384_legacy,
  SignatureScheme.rsa_pkcs1_sha512_legacy,
];

/** Whether an RSA key makes such signatures. */
export function isRsaScheme(scheme: number): boolean {
  return signatureSchemes.rsa.includes(scheme) || rsaPkcs1Legacy.includes(scheme);
}

const { ecdsa_secp521r1_sha512 } = SignatureScheme;
const tls12Ecdsa = [...tls12SignatureSchemes["ecdsa-p256"], ecdsa_secp521r1_sha512];

/** What a client's key signs with: clients may also have what no key server here has. */
const schemesOf: Readonly<Record<TlsVersion, Readonly<Record<KeyType, readonly number[]>>>> = {
  "TLS 1.3": {
    ...tls13SignatureSchemes,
    "rsa": [...tls13SignatureSchemes.rsa, ...rsaPkcs1Legacy],
    "rsa-pss": [],
    "ecdsa-p521": [ecdsa_secp521r1_sha512],
  },
  "TLS 1.2": {
    ...tls12SignatureSchemes,
    "rsa-pss": [],
    "ecdsa-p256": tls12Ecdsa,
    "ecdsa-p384": tls12Ecdsa,
    "ecdsa-p521": tls12Ecdsa,
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
  if (!verifies(() => verifySignature(subjectPublicKeyInfo, algorithm, content, signature, { anyCurve }))) {
    throw misbehaved(AlertDescription.decrypt_error, "BAD_SIGNATURE", "its signature does not verify");
  }
}

/** A key may stand in a certificate that can be read and still be malformed by itself. */
function verifies(verify: () => boolean): boolean {
  try {
    return verify();
  } catch (error) {
    throw unreadableLeaf(error);
  }
}
