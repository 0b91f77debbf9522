import { Buffer } from "node:buffer";
import pkcs11js, { type Template } from "pkcs11js";
import { privateKeyTemplate, publicKeyTemplate } from "../../../key-server/token/key_templates.ts";

/** DER of the curve's object identifier (CKA_EC_PARAMS). RFC 5480, Section 2.1.1.1. */
const curves: Readonly<Record<string, string>> = {
  "P-256": "06082a8648ce3d030107",
  "P-384": "06052b81040022",
};

/** The public half of a key, as a token object. */
export function publicTemplate(name: string, key: JsonWebKey): Template {
  const common = publicKeyTemplate(names(name));
  if (key.kty === "RSA") return [...common, ...rsaType, ...rsaPublic(key)];
  const point = Buffer.concat([Buffer.from([4]), bytes(key.x), bytes(key.y)]);
  // CKA_EC_POINT is the DER of an OCTET STRING; both curves' points are shorter than 128 bytes.
  const wrapped = Buffer.concat([Buffer.from([4, point.length]), point]);
  return [...common, ...ecType(key), { type: pkcs11js.CKA_EC_POINT, value: wrapped }];
}

/** The private half, as the key server generates its own. */
export function privateTemplate(name: string, key: JsonWebKey, decrypts: boolean): Template {
  const common = privateKeyTemplate(names(name), decrypts);
  if (key.kty !== "RSA") {
    return [...common, ...ecType(key), { type: pkcs11js.CKA_VALUE, value: bytes(key.d) }];
  }
  return [
    ...common,
    ...rsaType,
    ...rsaPublic(key),
    { type: pkcs11js.CKA_PRIVATE_EXPONENT, value: bytes(key.d) },
    { type: pkcs11js.CKA_PRIME_1, value: bytes(key.p) },
    { type: pkcs11js.CKA_PRIME_2, value: bytes(key.q) },
    { type: pkcs11js.CKA_EXPONENT_1, value: bytes(key.dp) },
    { type: pkcs11js.CKA_EXPONENT_2, value: bytes(key.dq) },
    { type: pkcs11js.CKA_COEFFICIENT, value: bytes(key.qi) },
  ];
}

const rsaType: Template = [{ type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_RSA }];

function ecType({ crv = "" }: JsonWebKey): Template {
  const parameters = curves[crv];
  if (parameters === undefined) throw new Error(`Cannot import a key on the curve ${crv}`);
  return [
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_EC },
    { type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from(parameters, "hex") },
  ];
}

function rsaPublic(key: JsonWebKey): Template {
  return [
    { type: pkcs11js.CKA_MODULUS, value: bytes(key.n) },
    { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: bytes(key.e) },
  ];
}

function names(name: string): Template {
  return [
    { type: pkcs11js.CKA_LABEL, value: name },
    { type: pkcs11js.CKA_ID, value: Buffer.from(name) },
  ];
}

function bytes(base64url: string | undefined): Buffer {
  if (base64url === undefined) throw new Error("Cannot import a key: a part of it is missing");
  return Buffer.from(base64url, "base64url");
}
