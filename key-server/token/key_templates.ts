import { Buffer } from "node:buffer";
import pkcs11js, { type Attribute, type Mechanism, type Template } from "pkcs11js";

/** What can be generated; not every token can all. */
export type KeyAlgorithm = "ecdsa-p256" | "ecdsa-p384" | "ed25519" | "rsa-2048" | "rsa-3072" | "rsa-4096";

// PKCS#11 3.0; pkcs11js has the constants of 2.40 only.
const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;

const ec = (mechanism: number, parametersHex: string) => ({
  mechanism: { mechanism },
  publicTemplate: [{ type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from(parametersHex, "hex") }],
});

const rsa = (bits: number) => ({
  mechanism: { mechanism: pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN },
  publicTemplate: [
    { type: pkcs11js.CKA_MODULUS_BITS, value: bits },
    { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
  ],
});

/** How each is generated. */
export const generation: Record<KeyAlgorithm, { mechanism: Mechanism; publicTemplate: Template }> = {
  "ecdsa-p256": ec(pkcs11js.CKM_EC_KEY_PAIR_GEN, "06082a8648ce3d030107"),
  "ecdsa-p384": ec(pkcs11js.CKM_EC_KEY_PAIR_GEN, "06052b81040022"),
  // The name edwards25519 as a PrintableString (PKCS#11 3.0, Section 2.3.5).
  "ed25519": ec(CKM_EC_EDWARDS_KEY_PAIR_GEN, "130c656477617264733235353139"),
  "rsa-2048": rsa(2048),
  "rsa-3072": rsa(3072),
  "rsa-4096": rsa(4096),
};

/**
 * A public key as a token object, but for what is in it. CKA_VERIFY is left to the token, for nobody verifies there: a TPM takes
 * it for the right to decrypt, and would contradict the private half.
 */
export function publicKeyTemplate(names: readonly Attribute[]): Template {
  return [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: pkcs11js.CKA_TOKEN, value: true },
    ...names,
  ];
}

/** A private key as a token object: for signing, and for decrypting where that is wanted; never to leave the token. */
export function privateKeyTemplate(names: readonly Attribute[], decrypts: boolean): Template {
  return [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: pkcs11js.CKA_SIGN, value: true },
    { type: pkcs11js.CKA_DECRYPT, value: decrypts },
    { type: pkcs11js.CKA_UNWRAP, value: false },
    ...names,
  ];
}
