import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import pkcs11js, { type Handle, type KeyPair } from "pkcs11js";
import { proveFirstScheme } from "./capabilities.ts";
import { destroyKeyPair, destroyObjects } from "./destroy.ts";
import { calling, TokenError, tokenError } from "./errors.ts";
import { checkGeneratedKey } from "./generated_attributes.ts";
import { listPrivateKeys, readPublicKey } from "./key_finder.ts";
import { generation, type KeyAlgorithm, privateKeyTemplate, publicKeyTemplate } from "./key_templates.ts";
import { Login, type ReadPin } from "./login.ts";
import { Pkcs11Module } from "./module.ts";
import type { PublicKey } from "./public_key.ts";
import { findSlot } from "./slot.ts";
import { TokenCaller, type TokenCalls } from "./token_calls.ts";
import { parsePkcs11Uri, type Pkcs11Uri } from "./uri.ts";

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
  location: TokenLocation,
  options: GenerateOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const uri = parsePkcs11Uri(location.uri);
  if (uri.modulePath === undefined) {
    throw new TokenError("Cannot generate a key: the URI has no module-path");
  }
  await using module = await Pkcs11Module.load(uri.modulePath);
  using caller = new TokenCaller(module.addon, module.path);
  const make = () => generateAlone(caller.calls, uri, location.readPin, options);
  const publicKey = await make().catch(async (error: unknown) => {
    if (!mayBeMendedByRestart(error)) throw error;
    await module.restart();
    return await make();
  });
  return new Uint8Array(publicKey.subjectPublicKeyInfo);
}

async function generateAlone(
  calls: TokenCalls,
  uri: Pkcs11Uri,
  readPin: ReadPin | undefined,
  options: GenerateOptions,
): Promise<PublicKey> {
  const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
  const slot = await findSlot(calls, uri);
  const session = await calling("open a session", () => calls.C_OpenSession(slot, flags));
  if (readPin !== undefined) {
    using login = new Login(uri.modulePath!, readPin);
    await login.logIn(calls, slot, session);
  }
  return await generateKey(calls, session, options);
}

const mendedByRestart = "CKR_GENERAL_ERROR";

/** A TPM's module leaves each key that it makes in the TPM's few places until C_Finalize, and says only this of it. */
export function mayBeMendedByRestart(error: unknown): boolean {
  return error instanceof TokenError && error.returnValue === mendedByRestart;
}

/**
 * Tokens where an RSA key makes no PSS signature unless it may decrypt: a TPM does raw RSA by its decryption, and padding
 * in software needs raw RSA. Learnt by trying.
 */
const signByDecryption = new WeakSet<TokenCalls>();

/**
 * Labels of keys that are not to be kept and could not be destroyed: a TPM's module believes a key in use after a signature
 * that failed, until it is started afresh.
 */
const leftovers = new WeakMap<TokenCalls, Set<string>>();

/**
 * Generates a key pair in a read-write session that is logged in, holds its attributes against what was asked, and has it
 * sign; a pair that is otherwise is destroyed again. Refuses a label that a private key has already. An RSA key may decrypt
 * in spite of `decrypts` where it could not sign otherwise: what it is used for is the key server's to say. Throws
 * TokenError.
 */
export async function generateKey(
  calls: TokenCalls,
  session: Handle,
  options: GenerateOptions,
): Promise<PublicKey> {
  const { label, algorithm, decrypts = false } = options;
  if (leftovers.get(calls)?.delete(label) === true) await destroyKeyPair(calls, session, { object: label });
  if ((await listPrivateKeys(calls, session, { object: label })).length > 0) {
    throw new TokenError(`Cannot generate a key: the label ${label} is taken`);
  }
  const mayDecrypt = decrypts || algorithm.startsWith("rsa-") && signByDecryption.has(calls);
  try {
    return await generateProved(calls, session, label, algorithm, mayDecrypt);
  } catch (error) {
    if (!(error instanceof UnprovedError) || mayDecrypt || !algorithm.startsWith("rsa-")) throw error;
    return await generateProved(calls, session, label, algorithm, true);
  }
}

/** A key that was made and signs by no method. */
class UnprovedError extends TokenError {}

async function generateProved(
  calls: TokenCalls,
  session: Handle,
  label: string,
  algorithm: KeyAlgorithm,
  decrypts: boolean,
): Promise<PublicKey> {
  const pair = await generateIn(calls, session, label, algorithm, decrypts);
  try {
    await checkGeneratedKey(calls, session, pair.privateKey, decrypts);
    const publicKey = await readPublicKey(calls, session, pair.privateKey);
    await proveGenerated(calls, session, pair.privateKey, publicKey);
    return publicKey;
  } catch (error) {
    if (error instanceof UnprovedError && algorithm.startsWith("rsa-")) signByDecryption.add(calls);
    await destroyObjects(calls, session, [pair.privateKey, pair.publicKey]).catch((cause: unknown) => {
      leftovers.set(calls, (leftovers.get(calls) ?? new Set()).add(label));
      const message = `Cannot destroy the key ${label}, which is not as it should be: ${
        tokenError("do it", cause).returnValue
      }`;
      throw new TokenError(message, mendedByRestart, { cause });
    });
    throw error;
  }
}

/** In a session of its own: an operation that failed may stay active there, and would keep the key from being destroyed. */
async function proveGenerated(
  calls: TokenCalls,
  session: Handle,
  key: Handle,
  publicKey: PublicKey,
): Promise<void> {
  const { slotID } = await calls.C_GetSessionInfo(session);
  try {
    await proveFirstScheme(publicKey, async ({ prepare, finish }, content) => {
      const own = await calls.C_OpenSession(slotID, pkcs11js.CKF_SERIAL_SESSION);
      try {
        const { mechanism, data } = prepare(content, publicKey.keyBits);
        await calls.C_SignInit(own, mechanism, key);
        const output = Buffer.alloc(publicKey.keyBits);
        return finish(new Uint8Array(await calls.C_SignAsync(own, Buffer.from(data), output)));
      } finally {
        await calls.C_CloseSession(own);
      }
    });
  } catch (error) {
    throw new UnprovedError(
      `Cannot keep the generated key: it does not sign (${tokenError("sign", error).message})`,
    );
  }
}

/**
 * `generateKey` for a label that nobody else would take. A pair that is there under it already, from before a crash, is
 * taken as it is; half of one, or one that is not as asked, gives way.
 */
export async function generateKeyOnce(
  calls: TokenCalls,
  session: Handle,
  options: GenerateOptions,
): Promise<PublicKey> {
  const { label: object, algorithm, decrypts = false } = options;
  const [privateKey, ...others] = await listPrivateKeys(calls, session, { object });
  if (privateKey !== undefined && others.length === 0) {
    try {
      await checkGeneratedKey(
        calls,
        session,
        privateKey,
        decrypts || algorithm.startsWith("rsa-") && signByDecryption.has(calls),
      );
      return await readPublicKey(calls, session, privateKey);
    } catch {
      // What is there cannot be used: it goes, and a new one comes.
    }
  }
  await destroyKeyPair(calls, session, { object });
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
  calls: TokenCalls,
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
