import assert from "node:assert/strict";
import fc from "fast-check";
import { LockedPool } from "../memory/locked_pool.ts";
import { aeadKeyLength, type AeadName, aeadTagLength, keyAead, recordNonce } from "./aead.ts";
import { AeadBusyError, LengthError } from "./errors.ts";
import { fromHex, toHex } from "./hexadecimal.ts";

const names: AeadName[] = ["aes-128-gcm", "aes-256-gcm", "chacha20-poly1305"];
const none = new Uint8Array(0);

const sunscreen = new TextEncoder().encode(
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
);
const vectors = [
  {
    source: "RFC 8439, Section 2.8.2",
    name: "chacha20-poly1305",
    key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    nonce: "070000004041424344454647",
    aad: "50515253c0c1c2c3c4c5c6c7",
    plaintext: toHex(sunscreen),
    sealed: `d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6
      3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36
      92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
      3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691`,
  },
  {
    source: "the GCM specification's test case 4",
    name: "aes-128-gcm",
    key: "feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    plaintext: `d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
      1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39`,
    sealed: `42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
      21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
      5bc94fbc3221a5db94fae95ae7121a47`,
  },
  {
    source: "the GCM specification's test case 16",
    name: "aes-256-gcm",
    key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    plaintext: `d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
      1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39`,
    sealed: `522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
      8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
      76fc6ece0f4e1768cddf8853bb2d551b`,
  },
] as const;

for (const vector of vectors) {
  Deno.test(`${vector.name} seals and opens ${vector.source}`, () => {
    using pool = LockedPool.open({ totalBytes: 4096 });
    using key = pool.rent(aeadKeyLength[vector.name]);
    key.bytes.set(fromHex(vector.key));
    const [nonce, aad, plaintext, sealed] = [vector.nonce, vector.aad, vector.plaintext, vector.sealed].map(
      fromHex,
    );
    const output = new Uint8Array(sealed!.length);
    {
      using aead = keyAead(vector.name, key, "seal");
      assert.equal(aead.seal(nonce!, aad!, plaintext!, output), output.length);
    }
    assert.equal(toHex(output), toHex(sealed!));
    using aead = keyAead(vector.name, key, "open");
    assert.equal(aead.open(nonce!, aad!, sealed!, output), plaintext!.length);
    assert.equal(toHex(output.subarray(0, plaintext!.length)), toHex(plaintext!));
  });
}

Deno.test("what is sealed opens again, in place too, and any flipped bit is refused with a zeroed output", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(),
      (name, plaintext, aad, position) => {
        using key = pool.rent(aeadKeyLength[name]);
        key.bytes.fill(position % 256);
        const nonce = new Uint8Array(12).fill(position >>> 8);
        const record = new Uint8Array(plaintext.length + aeadTagLength);
        record.set(plaintext);
        {
          using aead = keyAead(name, key, "seal");
          aead.seal(nonce, aad, record.subarray(0, plaintext.length), record);
        }
        using aead = keyAead(name, key, "open");
        const forged = record.slice();
        const at = position % forged.length;
        forged[at] = forged[at]! ^ 1 << position % 8;
        const output = new Uint8Array(plaintext.length).fill(0xff);
        assert.equal(aead.open(nonce, aad, forged, output), undefined);
        assert.ok(output.every((byte) => byte === 0));
        assert.equal(aead.open(nonce, aad, record, record), plaintext.length);
        assert.deepEqual(record.subarray(0, plaintext.length), plaintext);
      },
    ),
  );
});

Deno.test("a ciphertext shorter than a tag is refused as a bad one", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using key = pool.rent(16);
  using aead = keyAead("aes-128-gcm", key, "open");
  assert.equal(aead.open(new Uint8Array(12), none, new Uint8Array(15), new Uint8Array(15)), undefined);
});

for (const name of names) {
  Deno.test(`${name} refuses wrong lengths, the wrong direction, a second batch and use after its batch`, () => {
    using pool = LockedPool.open({ totalBytes: 4096 });
    using key = pool.rent(aeadKeyLength[name]);
    using long = pool.rent(33);
    assert.throws(() => keyAead(name, long, "seal"), LengthError);
    const aead = keyAead(name, key, "seal");
    assert.throws(() => keyAead(name, key, "open"), AeadBusyError);
    const output = new Uint8Array(16);
    assert.throws(() => aead.seal(new Uint8Array(8), none, none, output), LengthError);
    assert.throws(() => aead.seal(new Uint8Array(12), none, none, new Uint8Array(15)), LengthError);
    assert.throws(() => aead.open(new Uint8Array(12), none, output, none), TypeError);
    aead[Symbol.dispose]();
    aead[Symbol.dispose]();
    assert.throws(() => aead.seal(new Uint8Array(12), none, none, output), TypeError);
    using _again = keyAead(name, key, "open");
  });
}

Deno.test("a record's nonce is the static IV xor the sequence number, over all 64 bits", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using iv = pool.rent(12);
  iv.bytes.set(fromHex("5d313eb2671276ee13000b30")); // RFC 8448, Section 3, the server's application IV
  const nonce = new Uint8Array(12);
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (sequence) => {
    recordNonce(iv, sequence, nonce);
    const number = BigInt(`0x${toHex(nonce)}`) ^ BigInt(`0x${toHex(iv.bytes)}`);
    assert.equal(number, sequence);
  }));
  recordNonce(iv, 0x1_0000_0001, nonce);
  assert.equal(toHex(nonce), "5d313eb2671276ef13000b31");
});
