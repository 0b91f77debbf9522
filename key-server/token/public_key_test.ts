import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { TokenError } from "./errors.ts";
import { ecPublicKey, rsaPublicKey } from "./public_key.ts";

const p256Parameters = Uint8Array.fromHex("06082a8648ce3d030107");
const p384Parameters = Uint8Array.fromHex("06052b81040022");
const decode = (text: string | undefined) => Uint8Array.fromBase64(text ?? "", { alphabet: "base64url" });

Deno.test("an RSA key's attributes give the SubjectPublicKeyInfo that OpenSSL writes", () => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { n, e } = publicKey.export({ format: "jwk" });
  const key = rsaPublicKey(decode(n), decode(e));
  assert.deepEqual(Buffer.from(key.subjectPublicKeyInfo), publicKey.export({ type: "spki", format: "der" }));
  assert.deepEqual([key.keyType, key.keyBits], ["rsa", 2048]);
  const pkcs1 = publicKey.export({ type: "pkcs1", format: "der" });
  assert.deepEqual(Buffer.from(key.subjectKeyIdentifier), createHash("sha1").update(pkcs1).digest());
});

for (
  const [curve, parameters, bits] of [["P-256", p256Parameters, 256], ["P-384", p384Parameters, 384]] as const
) {
  Deno.test(`a ${curve} key's point is taken with and without its OCTET STRING`, () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: curve });
    const { x, y } = publicKey.export({ format: "jwk" });
    const point = new Uint8Array([4, ...decode(x), ...decode(y)]);
    const expected = publicKey.export({ type: "spki", format: "der" });
    for (const form of [point, new Uint8Array([4, point.length, ...point])]) {
      const key = ecPublicKey(parameters, form);
      assert.deepEqual(Buffer.from(key.subjectPublicKeyInfo), expected);
      assert.equal(key.keyBits, bits);
      assert.deepEqual(Buffer.from(key.subjectKeyIdentifier), createHash("sha1").update(point).digest());
    }
  });
}

Deno.test("an Ed25519 key is known by its OID and by its name", () => {
  const { publicKey } = generateKeyPairSync("ed25519");
  const point = decode(publicKey.export({ format: "jwk" }).x);
  const name = new Uint8Array([0x13, 12, ...new TextEncoder().encode("edwards25519")]);
  for (const parameters of [name, Uint8Array.fromHex("06032b6570")]) {
    const key = ecPublicKey(parameters, new Uint8Array([4, 32, ...point]));
    assert.equal(key.keyType, "ed25519");
    assert.ok(key.verifier.equals(createPublicKey(publicKey.export({ type: "spki", format: "pem" }))));
  }
});

Deno.test("keys that TLS should not see are refused", () => {
  const e = new Uint8Array([1, 0, 1]);
  for (const bytes of [128, 1025]) {
    assert.throws(() => rsaPublicKey(new Uint8Array(bytes).fill(1), e), TokenError);
  }
  const secp256k1 = Uint8Array.fromHex("06052b8104000a");
  assert.throws(() => ecPublicKey(secp256k1, new Uint8Array(65)), TokenError);
  assert.throws(() => ecPublicKey(p256Parameters, new Uint8Array(64)), TokenError);
  assert.throws(() => ecPublicKey(p256Parameters, new Uint8Array(33)), TokenError);
});
