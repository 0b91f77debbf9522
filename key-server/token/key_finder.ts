import { Buffer } from "node:buffer";
import pkcs11js, { type Handle, type Template } from "pkcs11js";
import { calling, TokenError } from "./errors.ts";
import { ecPublicKey, type PublicKey, rsaPublicKey } from "./public_key.ts";
import type { TokenCalls } from "./token_calls.ts";

/** What names a key in a token: its label, its CKA_ID, or both. */
export interface KeySelector {
  readonly object?: string;
  readonly id?: Uint8Array;
}

// PKCS#11 3.0; pkcs11js has the constants of 2.40 only.
const CKK_EC_EDWARDS = 0x40;

function describe({ object, id }: KeySelector): string {
  return [object === undefined ? "" : `object=${object}`, id === undefined ? "" : `id=${id.toHex()}`].join(
    " ",
  ).trim();
}

function template(objectClass: number, { object, id }: KeySelector): Template {
  return [
    { type: pkcs11js.CKA_CLASS, value: objectClass },
    ...(object === undefined ? [] : [{ type: pkcs11js.CKA_LABEL, value: object }]),
    ...(id === undefined ? [] : [{ type: pkcs11js.CKA_ID, value: Buffer.from(id) }]),
  ];
}

/** Searches are made one after the other: a session has one at a time. */
const searches = new WeakMap<TokenCalls, Promise<unknown>>();

async function findObjects(
  calls: TokenCalls,
  session: Handle,
  wanted: Template,
  most = 16,
): Promise<Handle[]> {
  const search = (searches.get(calls) ?? Promise.resolve()).then(() =>
    searchNow(calls, session, wanted, most)
  );
  searches.set(calls, search.catch(() => {}));
  return await search;
}

async function searchNow(
  calls: TokenCalls,
  session: Handle,
  wanted: Template,
  most: number,
): Promise<Handle[]> {
  return await calling("search the token", async () => {
    await calls.C_FindObjectsInit(session, wanted);
    try {
      return await calls.C_FindObjects(session, most);
    } finally {
      await calls.C_FindObjectsFinal(session);
    }
  });
}

/** Every private key that the selector names, at most `most`. Throws TokenError. */
export async function listPrivateKeys(
  calls: TokenCalls,
  session: Handle,
  selector: KeySelector,
  most = 16,
): Promise<Handle[]> {
  return await findObjects(calls, session, template(pkcs11js.CKO_PRIVATE_KEY, selector), most);
}

/** Every public key that the selector names, at most 16. Throws TokenError. */
export async function listPublicKeys(
  calls: TokenCalls,
  session: Handle,
  selector: KeySelector,
): Promise<Handle[]> {
  return await findObjects(calls, session, template(pkcs11js.CKO_PUBLIC_KEY, selector));
}

/** The one private key that the selector names. Throws TokenError when none or several are there. */
export async function findPrivateKey(
  calls: TokenCalls,
  session: Handle,
  selector: KeySelector,
): Promise<Handle> {
  const found = await listPrivateKeys(calls, session, selector);
  const [key] = found;
  if (key === undefined) {
    throw new TokenError(`Cannot find a private key with ${describe(selector)}`);
  }
  if (found.length > 1) {
    throw new TokenError(`Cannot choose a key: ${found.length} have ${describe(selector)}; add id=`);
  }
  return key;
}

/** An attribute's bytes; undefined where the object does not have it. */
async function readAttribute(
  calls: TokenCalls,
  session: Handle,
  object: Handle,
  type: number,
): Promise<Uint8Array | undefined> {
  try {
    const [attribute] = await calls.C_GetAttributeValue(session, object, [{ type }]);
    return attribute === undefined || attribute.value.length === 0
      ? undefined
      : new Uint8Array(attribute.value);
  } catch {
    return undefined;
  }
}

/** A CK_BBOOL attribute; undefined where the object does not have it. */
export async function readFlag(
  calls: TokenCalls,
  session: Handle,
  object: Handle,
  type: number,
): Promise<boolean | undefined> {
  return (await readAttribute(calls, session, object, type))?.some((byte) => byte !== 0);
}

/** What a key can be named by; nothing where it has neither label nor CKA_ID. */
export async function readSelector(calls: TokenCalls, session: Handle, key: Handle): Promise<KeySelector> {
  const id = await readAttribute(calls, session, key, pkcs11js.CKA_ID);
  const label = await readAttribute(calls, session, key, pkcs11js.CKA_LABEL);
  return {
    ...label !== undefined && { object: new TextDecoder().decode(label) },
    ...id !== undefined && { id },
  };
}

/** The public objects that may belong to the private key: of its CKA_ID, else of its label. */
async function publicObjects(calls: TokenCalls, session: Handle, privateKey: Handle): Promise<Handle[]> {
  const { id, object } = await readSelector(calls, session, privateKey);
  const selector = id !== undefined ? { id } : object !== undefined ? { object } : undefined;
  return selector === undefined ? [] : await listPublicKeys(calls, session, selector);
}

/**
 * The public half of a private key, from its own attributes and, for what a private object does not carry (a
 * curve's point), from the public object beside it. The self-test proves that the halves belong together.
 * Throws TokenError.
 */
export async function readPublicKey(
  calls: TokenCalls,
  session: Handle,
  privateKey: Handle,
): Promise<PublicKey> {
  const objects = [privateKey, ...await publicObjects(calls, session, privateKey)];
  const attribute = async (type: number, name: string) => {
    for (const object of objects) {
      const value = await readAttribute(calls, session, object, type);
      if (value !== undefined) return value;
    }
    throw new TokenError(`Cannot learn the public key: neither key object has ${name}`);
  };
  const keyType = Number(littleEndian(await attribute(pkcs11js.CKA_KEY_TYPE, "CKA_KEY_TYPE")));
  switch (keyType) {
    case pkcs11js.CKK_RSA:
      return rsaPublicKey(
        await attribute(pkcs11js.CKA_MODULUS, "CKA_MODULUS"),
        await attribute(pkcs11js.CKA_PUBLIC_EXPONENT, "CKA_PUBLIC_EXPONENT"),
      );
    case pkcs11js.CKK_EC:
    case CKK_EC_EDWARDS:
      return ecPublicKey(
        await attribute(pkcs11js.CKA_EC_PARAMS, "CKA_EC_PARAMS"),
        await attribute(pkcs11js.CKA_EC_POINT, "CKA_EC_POINT"),
      );
    default:
      throw new TokenError(
        `Cannot use a key of type 0x${keyType.toString(16)}: only RSA, EC and Ed25519 are known`,
      );
  }
}

/** CK_ULONG: the platform's byte order, little-endian on all that Holdfast runs on. */
function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => number << 8n | BigInt(byte), 0n);
}
