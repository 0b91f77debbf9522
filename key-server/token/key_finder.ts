import { Buffer } from "node:buffer";
import pkcs11js, { type Handle, type PKCS11, type Template } from "pkcs11js";
import { calling, TokenError } from "./errors.ts";
import { ecPublicKey, type PublicKey, rsaPublicKey } from "./public_key.ts";

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

function findObjects(calls: PKCS11, session: Handle, wanted: Template): Handle[] {
  return calling("search the token", () => {
    calls.C_FindObjectsInit(session, wanted);
    try {
      return calls.C_FindObjects(session, 16);
    } finally {
      calls.C_FindObjectsFinal(session);
    }
  });
}

/** Every private key that the selector names, at most 16. Throws TokenError. */
export function listPrivateKeys(calls: PKCS11, session: Handle, selector: KeySelector): Handle[] {
  return findObjects(calls, session, template(pkcs11js.CKO_PRIVATE_KEY, selector));
}

/** Every public key that the selector names, at most 16. Throws TokenError. */
export function listPublicKeys(calls: PKCS11, session: Handle, selector: KeySelector): Handle[] {
  return findObjects(calls, session, template(pkcs11js.CKO_PUBLIC_KEY, selector));
}

/** The one private key that the selector names. Throws TokenError when none or several are there. */
export function findPrivateKey(calls: PKCS11, session: Handle, selector: KeySelector): Handle {
  const found = listPrivateKeys(calls, session, selector);
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
function readAttribute(
  calls: PKCS11,
  session: Handle,
  object: Handle,
  type: number,
): Uint8Array | undefined {
  try {
    const [attribute] = calls.C_GetAttributeValue(session, object, [{ type }]);
    return attribute === undefined || attribute.value.length === 0
      ? undefined
      : new Uint8Array(attribute.value);
  } catch {
    return undefined;
  }
}

/** A CK_BBOOL attribute; undefined where the object does not have it. */
export function readFlag(calls: PKCS11, session: Handle, object: Handle, type: number): boolean | undefined {
  return readAttribute(calls, session, object, type)?.some((byte) => byte !== 0);
}

/** The public objects that may belong to the private key: of its CKA_ID, else of its label. */
function publicObjects(calls: PKCS11, session: Handle, privateKey: Handle): Handle[] {
  const id = readAttribute(calls, session, privateKey, pkcs11js.CKA_ID);
  const label = readAttribute(calls, session, privateKey, pkcs11js.CKA_LABEL);
  const selector = id !== undefined
    ? { id }
    : label !== undefined
    ? { object: new TextDecoder().decode(label) }
    : undefined;
  return selector === undefined ? [] : listPublicKeys(calls, session, selector);
}

/**
 * The public half of a private key, from its own attributes and, for what a private object does not carry (a
 * curve's point), from the public object beside it. The self-test proves that the halves belong together.
 * Throws TokenError.
 */
export function readPublicKey(calls: PKCS11, session: Handle, privateKey: Handle): PublicKey {
  const objects = [privateKey, ...publicObjects(calls, session, privateKey)];
  const attribute = (type: number, name: string) => {
    for (const object of objects) {
      const value = readAttribute(calls, session, object, type);
      if (value !== undefined) return value;
    }
    throw new TokenError(`Cannot learn the public key: neither key object has ${name}`);
  };
  const keyType = Number(littleEndian(attribute(pkcs11js.CKA_KEY_TYPE, "CKA_KEY_TYPE")));
  switch (keyType) {
    case pkcs11js.CKK_RSA:
      return rsaPublicKey(
        attribute(pkcs11js.CKA_MODULUS, "CKA_MODULUS"),
        attribute(pkcs11js.CKA_PUBLIC_EXPONENT, "CKA_PUBLIC_EXPONENT"),
      );
    case pkcs11js.CKK_EC:
    case CKK_EC_EDWARDS:
      return ecPublicKey(
        attribute(pkcs11js.CKA_EC_PARAMS, "CKA_EC_PARAMS"),
        attribute(pkcs11js.CKA_EC_POINT, "CKA_EC_POINT"),
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
