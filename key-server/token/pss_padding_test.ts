import assert from "node:assert/strict";
import { constants, createHash, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { pssEncode, type PssHash } from "./pss_padding.ts";

/** RSASP1 (RFC 8017, Section 5.2.1), as a token does it for CKM_RSA_X_509. */
function rawRsa(key: KeyObject, input: Uint8Array): Uint8Array {
  const { n, d } = key.export({ format: "jwk" });
  const number = (text = "") => BigInt(`0x${Uint8Array.fromBase64(text, { alphabet: "base64url" }).toHex()}`);
  const modulus = number(n);
  let result = 1n;
  let power = BigInt(`0x${input.toHex()}`);
  assert.ok(power < modulus);
  for (let exponent = number(d); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = result * power % modulus;
    power = power * power % modulus;
  }
  return Uint8Array.fromHex(result.toString(16).padStart(input.length * 2, "0"));
}

// 2049 bits: the encoded message then has a whole byte less than the modulus.
for (const bits of [2048, 2049, 3072]) {
  Deno.test(`a padded digest, put through raw RSA of ${bits} bits, verifies as RSA-PSS`, () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    const message = new TextEncoder().encode("message");
    for (const hash of ["sha256", "sha384", "sha512"] as PssHash[]) {
      const digest = createHash(hash).update(message).digest();
      const padded = pssEncode(hash, digest, bits);
      assert.equal(padded.length, Math.ceil(bits / 8));
      const signature = rawRsa(privateKey, padded);
      const key = {
        key: publicKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      };
      assert.ok(verify(hash, message, key, signature));
    }
  });
}

Deno.test("two paddings of one digest differ by their salt", () => {
  const digest = new Uint8Array(32);
  assert.notDeepEqual(pssEncode("sha256", digest, 2048), pssEncode("sha256", digest, 2048));
});
