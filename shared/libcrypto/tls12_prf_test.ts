import assert from "node:assert/strict";
import fc from "fast-check";
import { PoolExhaustedError, SecretLengthError } from "../memory/errors.ts";
import { LockedPool } from "../memory/locked_pool.ts";
import { fromHex, toHex } from "./hexadecimal.ts";
import { tls12Prf, tls12PrfPublic } from "./tls12_prf.ts";

/** Published on the IETF's TLS list in 2009 (msg03416); `openssl kdf TLS1-PRF` computes the same. */
const vectors = [
  {
    hash: "sha256",
    secret: "9bbe436ba940f017b17652849a71db35",
    seed: "a0ba9f936cda311827a6f796ffd5198c",
    output: `e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
      6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab
      4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66`,
  },
  {
    hash: "sha384",
    secret: "b80b733d6ceefcdc71566ea48e5567df",
    seed: "cd665cf6a8447dd6ff8b27555edb7465",
    output: `7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd
      e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd
      8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425
      9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f`,
  },
] as const;

for (const { hash, secret, seed, output } of vectors) {
  Deno.test(`L1: the TLS 1.2 PRF with ${hash} equals the published vector, however it is cut`, () => {
    using pool = LockedPool.open({ totalBytes: 16384 });
    using key = pool.rent(16);
    key.bytes.set(fromHex(secret));
    const expected = toHex(fromHex(output));
    const total = expected.length / 2;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }),
        fc.nat(15),
        (cuts, splitSeed) => {
          const lengths: number[] = [];
          for (const cut of cuts) if (lengths.reduce((a, b) => a + b, 0) + cut <= total) lengths.push(cut);
          const seedBytes = fromHex(seed);
          const parts = [seedBytes.subarray(0, splitSeed), seedBytes.subarray(splitSeed)];
          const secrets = tls12Prf(pool, hash, key, "test label", parts, lengths);
          const text = secrets.map((one) => toHex(one.bytes)).join("");
          assert.deepEqual(secrets.map(({ length }) => length), lengths);
          assert.equal(text, expected.slice(0, text.length));
          for (const one of secrets) one[Symbol.dispose]();
          assert.equal(pool.blocksInUse, 1);
        },
      ),
    );
    assert.equal(toHex(tls12PrfPublic(pool, hash, key, "test label", [fromHex(seed)], total)), expected);
    assert.equal(pool.blocksInUse, 1);
  });
}

Deno.test("the PRF keeps no block when it fails half-way", () => {
  using pool = LockedPool.open({ totalBytes: 4 * 64 });
  using key = pool.rent(48);
  assert.throws(() => tls12Prf(pool, "sha256", key, "key expansion", [], [16, 65]), SecretLengthError);
  assert.throws(() => tls12Prf(pool, "sha256", key, "key expansion", [], [16, 16]), PoolExhaustedError);
  assert.equal(pool.blocksInUse, 1);
  using _one = pool.rent(1);
  using _two = pool.rent(1);
  assert.throws(() => tls12Prf(pool, "sha256", key, "key expansion", [], [16]), PoolExhaustedError);
  assert.equal(pool.blocksInUse, 3);
});
