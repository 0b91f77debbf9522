import assert from "node:assert/strict";
import { createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { SecretLengthError } from "../memory/errors.ts";
import { hashLength, type HashName } from "./digest.ts";
import { fromHex, toHex } from "./hexadecimal.ts";
import { hkdfExpand, hkdfExtract } from "./hkdf.ts";
import { hmac, hmacPublic } from "./hmac.ts";

function secretOf(pool: LockedPool, bytes: Uint8Array): Secret {
  const secret = pool.rent(bytes.length);
  secret.bytes.set(bytes);
  return secret;
}

const text = (value: string) => new TextEncoder().encode(value);

const rfc4231 = [
  {
    section: "4.2",
    key: fromHex("0b".repeat(20)),
    data: text("Hi There"),
    sha256: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    sha384:
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
  },
  {
    section: "4.3",
    key: text("Jefe"),
    data: text("what do ya want for nothing?"),
    sha256: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    sha384:
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
  },
  {
    section: "4.7",
    key: fromHex("aa".repeat(131)),
    data: text("Test Using Larger Than Block-Size Key - Hash Key First"),
    sha256: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    sha384:
      "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
  },
];

for (const { section, key, data, ...expected } of rfc4231) {
  Deno.test(`HMAC equals the test case of RFC 4231, Section ${section}, from secrets and from public bytes`, () => {
    using pool = LockedPool.open({ totalBytes: 8192, blockSize: 256 });
    using secretKey = secretOf(pool, key);
    using secretData = secretOf(pool, data);
    for (const hash of ["sha256", "sha384"] as const) {
      using whole = hmac(pool, hash, secretKey, secretData);
      using parts = hmac(pool, hash, key, data.subarray(0, 3), data.subarray(3));
      assert.equal(toHex(whole.bytes), expected[hash]);
      assert.equal(toHex(parts.bytes), expected[hash]);
      assert.equal(toHex(hmacPublic(hash, secretKey, data)), expected[hash]);
    }
    assert.equal(pool.blocksInUse, 2);
  });
}

const rfc5869 = [
  {
    section: "A.1",
    ikm: "0b".repeat(22),
    salt: "000102030405060708090a0b0c",
    info: "f0f1f2f3f4f5f6f7f8f9",
    prk: "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
    okm: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  },
  {
    section: "A.2",
    ikm: Array.from({ length: 80 }, (_, i) => i.toString(16).padStart(2, "0")).join(""),
    salt: Array.from({ length: 80 }, (_, i) => (0x60 + i).toString(16)).join(""),
    info: Array.from({ length: 80 }, (_, i) => (0xb0 + i).toString(16)).join(""),
    prk: "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
    okm: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c" +
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
  },
  {
    section: "A.3",
    ikm: "0b".repeat(22),
    salt: "",
    info: "",
    prk: "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
    okm: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  },
];

for (const { section, ikm, salt, info, prk, okm } of rfc5869) {
  Deno.test(`HKDF equals RFC 5869, Appendix ${section}`, () => {
    using pool = LockedPool.open({ totalBytes: 8192, blockSize: 128 });
    using inputKey = secretOf(pool, fromHex(ikm));
    using extracted = hkdfExtract(pool, "sha256", salt === "" ? undefined : fromHex(salt), inputKey);
    assert.equal(toHex(extracted.bytes), prk);
    using expanded = hkdfExpand(pool, "sha256", extracted, fromHex(info), okm.length / 2);
    assert.equal(toHex(expanded.bytes), okm);
    assert.equal(pool.blocksInUse, 3);
  });
}

Deno.test("HKDF-Expand of every length that fits a block equals node:crypto's", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  const input = fromHex("00112233445566778899aabbccddeeff");
  using secret = secretOf(pool, input);
  const hashes: HashName[] = ["sha256", "sha384", "sha512"];
  fc.assert(
    fc.property(
      fc.constantFrom(...hashes),
      fc.integer({ min: 1, max: 64 }),
      fc.uint8Array(),
      (hash, length, info) => {
        using prk = hkdfExtract(pool, hash, undefined, secret);
        using okm = hkdfExpand(pool, hash, prk, info, length);
        const expected = new Uint8Array(hkdfSync(hash, input, new Uint8Array(0), info, length));
        assert.deepEqual(okm.bytes.slice(), expected);
        assert.equal(okm.length, length);
      },
    ),
  );
});

Deno.test("an absent salt and an absent input key stand for hashLength zeros", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  for (const hash of ["sha256", "sha384"] as const) {
    const zeros = new Uint8Array(hashLength[hash]);
    using extracted = hkdfExtract(pool, hash, undefined, undefined);
    assert.deepEqual(extracted.bytes.slice(), new Uint8Array(createHmac(hash, zeros).update(zeros).digest()));
  }
});

Deno.test("HKDF-Expand refuses what exceeds a block, and keeps no block when it fails", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using prk = pool.rent(32);
  assert.throws(() => hkdfExpand(pool, "sha256", prk, new Uint8Array(0), 65), SecretLengthError);
  assert.throws(() => hkdfExpand(pool, "sha256", prk, new Uint8Array(0), 0), SecretLengthError);
  assert.equal(pool.blocksInUse, 1);
});
