import { Buffer } from "node:buffer";
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { concatenate } from "../../shared/codec/concatenate.ts";
import type { ServerKeyType } from "../../shared/signature_schemes.ts";
import { derBitString, derElement, derTag, derUnsignedInteger } from "./der.ts";
import { TokenError } from "./errors.ts";

/** A public key in the forms that the key server needs. */
export interface PublicKey {
  readonly keyType: ServerKeyType;
  /** 2048 to 8192 for RSA, the curve's size otherwise. */
  readonly keyBits: number;
  /** SubjectPublicKeyInfo in DER (RFC 5280, Section 4.1.2.7). */
  readonly subjectPublicKeyInfo: Uint8Array;
  /** 20 bytes (RFC 5280, Section 4.2.1.2, method 1). */
  readonly subjectKeyIdentifier: Uint8Array;
  /** For verifying the self-test's signatures. */
  readonly verifier: KeyObject;
}

// AlgorithmIdentifiers in DER: RFC 3279, Section 2.3.1; RFC 5480, Section 2.1.1; RFC 8410, Section 3.
const rsaEncryption = Uint8Array.fromHex("300d06092a864886f70d0101010500");
const idEd25519 = Uint8Array.fromHex("300506032b6570");
const idEcPublicKey = Uint8Array.fromHex("06072a8648ce3d0201");

// CKA_EC_PARAMS: an OID, or for Edwards curves a PrintableString (PKCS#11 3.0, Section 2.3.5).
const ecParameters: Record<string, { keyType: ServerKeyType; keyBits: number; pointLength: number }> = {
  "06082a8648ce3d030107": { keyType: "ecdsa-p256", keyBits: 256, pointLength: 65 },
  "06052b81040022": { keyType: "ecdsa-p384", keyBits: 384, pointLength: 97 },
  "06032b6570": { keyType: "ed25519", keyBits: 256, pointLength: 32 },
  "130c656477617264733235353139": { keyType: "ed25519", keyBits: 256, pointLength: 32 },
};

/** SHA-1 over the subjectPublicKey's bits: a name for a key, no protection of anything. */
function publicKey(
  fields: Pick<PublicKey, "keyType" | "keyBits">,
  algorithm: Uint8Array,
  subjectPublicKey: Uint8Array,
): PublicKey {
  const subjectPublicKeyInfo = derElement(derTag.sequence, algorithm, derBitString(subjectPublicKey));
  return {
    ...fields,
    subjectPublicKeyInfo,
    subjectKeyIdentifier: new Uint8Array(createHash("sha1").update(subjectPublicKey).digest()),
    verifier: createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: "der", type: "spki" }),
  };
}

/** From CKA_MODULUS and CKA_PUBLIC_EXPONENT. Throws TokenError for a size that TLS should not see. */
export function rsaPublicKey(modulus: Uint8Array, publicExponent: Uint8Array): PublicKey {
  const keyBits = modulus.length * 8;
  if (keyBits < 2048 || keyBits > 8192) {
    throw new TokenError(`Cannot use an RSA key of ${keyBits} bits: 2048 to 8192 are supported`);
  }
  const numbers = [derUnsignedInteger(modulus), derUnsignedInteger(publicExponent)];
  return publicKey({ keyType: "rsa", keyBits }, rsaEncryption, derElement(derTag.sequence, ...numbers));
}

/** From CKA_EC_PARAMS and CKA_EC_POINT; some tokens wrap the point into an OCTET STRING, some do not. */
export function ecPublicKey(parameters: Uint8Array, ecPoint: Uint8Array): PublicKey {
  const curve = ecParameters[parameters.toHex()];
  if (curve === undefined) {
    throw new TokenError("Cannot use an elliptic curve key: its curve is not P-256, P-384 or Ed25519");
  }
  const wrapped = ecPoint.length === curve.pointLength + 2 && ecPoint[0] === derTag.octetString;
  const point = wrapped ? ecPoint.subarray(2) : ecPoint;
  if (point.length !== curve.pointLength) {
    throw new TokenError(`Cannot use an elliptic curve key: its point has ${ecPoint.length} bytes`);
  }
  const { keyType, keyBits } = curve;
  if (keyType === "ed25519") return publicKey({ keyType, keyBits }, idEd25519, point);
  const algorithm = derElement(derTag.sequence, concatenate([idEcPublicKey, parameters]));
  return publicKey({ keyType, keyBits }, algorithm, point);
}
