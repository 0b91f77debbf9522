import assert from "node:assert/strict";
import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { CertificateError } from "./errors.ts";
import { verifySignature } from "./verify.ts";

type Pair = { publicKey: KeyObject; privateKey: KeyObject };
const keys: Record<string, Pair> = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  ed25519: generateKeyPairSync("ed25519"),
};
const message = new TextEncoder().encode("what was signed");

const spki = (name: string) =>
  new Uint8Array(keys[name]!.publicKey.export({ type: "spki", format: "der" }) as Uint8Array);
const signed = (name: string, hash: string | null, pss = false) =>
  new Uint8Array(sign(hash, message, {
    key: keys[name]!.privateKey,
    ...pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {},
  }));

const schemes = [
  { name: "rsa_pkcs1_sha256", scheme: 0x0401, key: "rsa", signature: signed("rsa", "sha256") },
  { name: "rsa_pkcs1_sha384", scheme: 0x0501, key: "rsa", signature: signed("rsa", "sha384") },
  { name: "rsa_pkcs1_sha512", scheme: 0x0601, key: "rsa", signature: signed("rsa", "sha512") },
  { name: "ecdsa_secp256r1_sha256", scheme: 0x0403, key: "p256", signature: signed("p256", "sha256") },
  { name: "ecdsa_secp384r1_sha384", scheme: 0x0503, key: "p384", signature: signed("p384", "sha384") },
  { name: "rsa_pss_rsae_sha256", scheme: 0x0804, key: "rsa", signature: signed("rsa", "sha256", true) },
  { name: "rsa_pss_rsae_sha384", scheme: 0x0805, key: "rsa", signature: signed("rsa", "sha384", true) },
  { name: "rsa_pss_rsae_sha512", scheme: 0x0806, key: "rsa", signature: signed("rsa", "sha512", true) },
  { name: "ed25519", scheme: 0x0807, key: "ed25519", signature: signed("ed25519", null) },
];

for (const { name, scheme, key, signature } of schemes) {
  Deno.test(`${name} accepts its own signature and no other message, signature, key or scheme`, () => {
    assert.equal(verifySignature(spki(key), scheme, message, signature), true);
    assert.equal(verifySignature(spki(key), scheme, new Uint8Array(0), signature), false);
    const flipped = signature.slice();
    flipped[flipped.length - 1]! ^= 1;
    assert.equal(verifySignature(spki(key), scheme, message, flipped), false);
    assert.equal(verifySignature(spki(key), scheme, message, signature.subarray(1)), false);
    assert.equal(verifySignature(spki(key), scheme, message, new Uint8Array(0)), false);
    for (const other of schemes) {
      if (other.scheme !== scheme) {
        assert.equal(verifySignature(spki(key), other.scheme, message, signature), false, other.name);
      }
      if (other.key !== key) {
        assert.equal(verifySignature(spki(other.key), scheme, message, signature), false, other.key);
      }
    }
  });
}

Deno.test("SHA-1 schemes and unknown ones are refused", () => {
  const sha1 = signed("rsa", "sha1");
  assert.equal(verifySignature(spki("rsa"), 0x0201, message, sha1), false);
  assert.equal(verifySignature(spki("p256"), 0x0203, message, signed("p256", "sha1")), false);
  assert.equal(verifySignature(spki("rsa"), 0xfafa, message, sha1), false);
});

Deno.test("an ECDSA scheme fixes the curve, except for TLS 1.2", () => {
  const crossed = signed("p384", "sha256");
  assert.equal(verifySignature(spki("p384"), 0x0403, message, crossed), false);
  assert.equal(verifySignature(spki("p384"), 0x0403, message, crossed, { anyCurve: true }), true);
  const rsa = signed("rsa", "sha256");
  assert.equal(verifySignature(spki("rsa"), 0x0403, message, rsa, { anyCurve: true }), false);
});

Deno.test("a public key that is malformed or followed by bytes is an error, not a bad signature", () => {
  const key = spki("p256");
  const { signature } = schemes[3]!;
  for (const bad of [new Uint8Array(0), key.subarray(1), new Uint8Array([...key, 0])]) {
    assert.throws(() => verifySignature(bad, 0x0403, message, signature), CertificateError);
  }
});
