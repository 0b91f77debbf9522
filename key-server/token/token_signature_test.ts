import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import pkcs11js, { type Template } from "pkcs11js";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import { ecPublicKey, rsaPublicKey } from "./public_key.ts";
import type { Token } from "./token.ts";
import { TokenKey } from "./token_key.ts";
import { expectTokenSignature } from "./token_signature.ts";

function jwkBytes(key: KeyObject, field: "n" | "e" | "x" | "y"): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: "jwk" })[field]!, "base64url"));
}

/** A token with one Ed25519 key, whose signatures `spoil` may change. */
function scriptedToken(spoil: (signature: Uint8Array) => Uint8Array): Token {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const attributes = new Map<number, Uint8Array>([
    [pkcs11js.CKA_KEY_TYPE, new Uint8Array([0x40, 0, 0, 0, 0, 0, 0, 0])],
    [pkcs11js.CKA_EC_PARAMS, Uint8Array.fromHex("06032b6570")],
    [pkcs11js.CKA_EC_POINT, jwkBytes(publicKey, "x")],
  ]);
  const calls = {
    C_FindObjectsInit: () => {},
    C_FindObjects: () => [Buffer.from([1])],
    C_FindObjectsFinal: () => {},
    C_GetAttributeValue: (_session: unknown, _object: unknown, [wanted]: Template) => [
      { type: wanted!.type, value: Buffer.from(attributes.get(wanted!.type) ?? []) },
    ],
  };
  const signOnce = (_key: unknown, { data }: { data: Uint8Array }) =>
    Promise.resolve(spoil(new Uint8Array(sign(null, data, privateKey))));
  const pool = { sign: signOnce, trySign: signOnce };
  const signingCost = () => Promise.resolve({ wall: 1, cpu: 1 });
  const openedPool = () => Promise.resolve(pool);
  const parts = { calls, session: Buffer.from([0]), pool, openedPool, name: "scripted", signingCost };
  return parts as unknown as Token;
}

Deno.test("a token that answers with an empty, a short or a long signature has failed", async () => {
  let spoil = (signature: Uint8Array) => signature;
  const key = await TokenKey.load(scriptedToken((signature) => spoil(signature)), { object: "www" });
  const signs = () => key.sign(SignatureScheme.ed25519, new Uint8Array(100), () => false);
  assert.equal((await signs()).length, 64);
  for (const length of [0, 63, 65]) {
    spoil = () => new Uint8Array(length);
    await assert.rejects(signs(), {
      code: "token-failure",
      message: `Cannot use the token's signature: it has ${length} bytes instead of 64`,
    });
  }
});

Deno.test("a signature has as many bytes as the RSA modulus, and two halves of a curve's size", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
  const modulus = jwkBytes(rsa, "n");
  const padded = new Uint8Array([0, ...modulus]); // as some tokens give it
  for (const bytes of [modulus, padded]) {
    assert.equal(
      expectTokenSignature(new Uint8Array(256), rsaPublicKey(bytes, jwkBytes(rsa, "e"))).length,
      256,
    );
  }
  for (
    const [namedCurve, parameters, length] of [
      ["P-256", "06082a8648ce3d030107", 64],
      ["P-384", "06052b81040022", 96],
    ] as const
  ) {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve });
    const point = new Uint8Array([4, ...jwkBytes(publicKey, "x"), ...jwkBytes(publicKey, "y")]);
    const key = ecPublicKey(Uint8Array.fromHex(parameters), point);
    assert.equal(expectTokenSignature(new Uint8Array(length), key).length, length);
    assert.throws(() => expectTokenSignature(new Uint8Array(length - 1), key), { code: "token-failure" });
  }
});
