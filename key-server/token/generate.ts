import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import pkcs11js, { type Attribute, type Handle, type Mechanism, type PKCS11, type Template } from "pkcs11js";
import { calling, TokenError } from "./errors.ts";
import { listPrivateKeys, readFlag, readPublicKey } from "./key_finder.ts";
import { logIn, type ReadPin } from "./login.ts";
import { Pkcs11Module } from "./module.ts";
import { findSlot } from "./slot.ts";
import { parsePkcs11Uri } from "./uri.ts";

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

const generation: Record<KeyAlgorithm, { mechanism: Mechanism; publicTemplate: Template }> = {
  "ecdsa-p256": ec(pkcs11js.CKM_EC_KEY_PAIR_GEN, "06082a8648ce3d030107"),
  "ecdsa-p384": ec(pkcs11js.CKM_EC_KEY_PAIR_GEN, "06052b81040022"),
  // The name edwards25519 as a PrintableString (PKCS#11 3.0, Section 2.3.5).
  "ed25519": ec(CKM_EC_EDWARDS_KEY_PAIR_GEN, "130c656477617264733235353139"),
  "rsa-2048": rsa(2048),
  "rsa-3072": rsa(3072),
  "rsa-4096": rsa(4096),
};

/** What key is wanted. */
export interface GenerateOptions {
  /** CKA_LABEL of both halves: `object=` in the key's URI. */
  readonly label: string;
  readonly algorithm: KeyAlgorithm;
  /** An RSA key that may decrypt too, as TLS 1.2's RSA key exchange needs. False by default. */
  readonly decrypts?: boolean;
}

/** A public key as a token object, but for what is in it. */
export function publicKeyTemplate(names: readonly Attribute[]): Template {
  return [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_VERIFY, value: true },
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

/** Where to generate: a token's URI with its module-path, and its PIN. */
export interface TokenLocation {
  readonly uri: string;
  readonly readPin: ReadPin | undefined;
}

/**
 * Generates a key pair inside a token, not extractable and sensitive, and returns its SubjectPublicKeyInfo in DER.
 *
 * Loads and finalises the module itself, so it must not run in a process that uses the same module already: that
 * is what a key server is; call it from a tool's process. Refuses a label that a private key has already. Throws
 * TokenError.
 */
export async function generateKeyPair(
  { uri, readPin }: TokenLocation,
  { label, algorithm, decrypts = false }: GenerateOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const tokenUri = parsePkcs11Uri(uri);
  if (tokenUri.modulePath === undefined) {
    throw new TokenError("Cannot generate a key: the URI has no module-path");
  }
  using module = Pkcs11Module.load(tokenUri.modulePath);
  const { calls } = module;
  const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
  const session = calling("open a session", () => calls.C_OpenSession(findSlot(module, tokenUri), flags));
  if (readPin !== undefined) await logIn(calls, session, readPin);
  if (listPrivateKeys(calls, session, { object: label }).length > 0) {
    throw new TokenError(`Cannot generate a key: the label ${label} is taken`);
  }
  const privateKey = generateIn(calls, session, label, algorithm, decrypts);
  if (readFlag(calls, session, privateKey, pkcs11js.CKA_EXTRACTABLE) !== false) {
    throw new TokenError("Cannot keep the generated key: the token made it extractable");
  }
  return new Uint8Array(readPublicKey(calls, session, privateKey).subjectPublicKeyInfo);
}

function generateIn(
  calls: PKCS11,
  session: Handle,
  label: string,
  algorithm: KeyAlgorithm,
  decrypts: boolean,
): Handle {
  const { mechanism, publicTemplate } = generation[algorithm];
  const names = [
    { type: pkcs11js.CKA_LABEL, value: label },
    { type: pkcs11js.CKA_ID, value: randomBytes(16) },
  ];
  const publicHalf = [...publicTemplate, ...publicKeyTemplate(names)];
  const privateHalf = privateKeyTemplate(names, decrypts);
  const generate = () => calls.C_GenerateKeyPair(session, mechanism, publicHalf, privateHalf);
  return calling(`generate a key of type ${algorithm}`, generate).privateKey;
}
