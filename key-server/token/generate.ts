import { randomBytes } from "node:crypto";
import pkcs11js, { type Handle, type KeyPair, type PKCS11 } from "pkcs11js";
import { destroyKeyPair, destroyObjects } from "./destroy.ts";
import { calling, TokenError, tokenError } from "./errors.ts";
import { checkGeneratedKey } from "./generated_attributes.ts";
import { listPrivateKeys, readPublicKey } from "./key_finder.ts";
import { generation, type KeyAlgorithm, privateKeyTemplate, publicKeyTemplate } from "./key_templates.ts";
import { logIn, type ReadPin } from "./login.ts";
import { Pkcs11Module } from "./module.ts";
import type { PublicKey } from "./public_key.ts";
import { findSlot } from "./slot.ts";
import { parsePkcs11Uri } from "./uri.ts";

/** What key is wanted. */
export interface GenerateOptions {
  /** CKA_LABEL of both halves: `object=` in the key's URI. */
  readonly label: string;
  readonly algorithm: KeyAlgorithm;
  /** An RSA key that may decrypt too, as TLS 1.2's RSA key exchange needs. False by default. */
  readonly decrypts?: boolean;
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
  options: GenerateOptions,
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
  return new Uint8Array((await generateKey(calls, session, options)).subjectPublicKeyInfo);
}

/**
 * Generates a key pair in a read-write session that is logged in, and holds its attributes against what was asked; a pair
 * that is otherwise is destroyed again. Refuses a label that a private key has already. Throws TokenError.
 */
export async function generateKey(
  calls: PKCS11,
  session: Handle,
  { label, algorithm, decrypts = false }: GenerateOptions,
): Promise<PublicKey> {
  if (listPrivateKeys(calls, session, { object: label }).length > 0) {
    throw new TokenError(`Cannot generate a key: the label ${label} is taken`);
  }
  const pair = await generateIn(calls, session, label, algorithm, decrypts);
  try {
    checkGeneratedKey(calls, session, pair.privateKey, decrypts);
    return readPublicKey(calls, session, pair.privateKey);
  } catch (error) {
    destroyObjects(calls, session, [pair.privateKey, pair.publicKey]);
    throw error;
  }
}

/**
 * `generateKey` for a label that nobody else would take. A pair that is there under it already, from before a crash, is
 * taken as it is; half of one, or one that is not as asked, gives way.
 */
export async function generateKeyOnce(
  calls: PKCS11,
  session: Handle,
  options: GenerateOptions,
): Promise<PublicKey> {
  const { label: object, decrypts = false } = options;
  const [privateKey, ...others] = listPrivateKeys(calls, session, { object });
  if (privateKey !== undefined && others.length === 0) {
    try {
      checkGeneratedKey(calls, session, privateKey, decrypts);
      return readPublicKey(calls, session, privateKey);
    } catch {
      // What is there cannot be used: it goes, and a new one comes.
    }
  }
  destroyKeyPair(calls, session, { object });
  return await generateKey(calls, session, options);
}

/** What tokens say when they have no room; the latter ones, SoftHSM's on a full disk among them, mean other things as well. */
const noRoom = new Map([
  ["CKR_DEVICE_MEMORY", "the token is full; destroy keys that are retired"],
  ["CKR_HOST_MEMORY", "the token is full; destroy keys that are retired"],
  ["CKR_FUNCTION_FAILED", "the token may be full, or what it is stored on"],
  ["CKR_GENERAL_ERROR", "the token may be full, or what it is stored on"],
  ["CKR_DEVICE_ERROR", "the token may be full, or what it is stored on"],
]);

/** On another thread: a large RSA key takes seconds, and signatures go on meanwhile. */
async function generateIn(
  calls: PKCS11,
  session: Handle,
  label: string,
  algorithm: KeyAlgorithm,
  decrypts: boolean,
): Promise<KeyPair> {
  const { mechanism, publicTemplate } = generation[algorithm];
  const names = [
    { type: pkcs11js.CKA_LABEL, value: label },
    { type: pkcs11js.CKA_ID, value: randomBytes(16) },
  ];
  const publicHalf = [...publicTemplate, ...publicKeyTemplate(names)];
  const privateHalf = privateKeyTemplate(names, decrypts);
  try {
    return await calls.C_GenerateKeyPairAsync(session, mechanism, publicHalf, privateHalf);
  } catch (error) {
    const failure = tokenError(`generate a key of type ${algorithm}`, error);
    const reason = noRoom.get(failure.returnValue ?? "");
    if (reason === undefined) throw failure;
    throw new TokenError(`${failure.message}: ${reason}`, failure.returnValue, { cause: failure });
  }
}
