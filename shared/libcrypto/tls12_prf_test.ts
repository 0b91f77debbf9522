import assert from "node:assert/strict";
import fc from "fast-check";
import vectors from "../../test/vectors/tls12_prf.json" with { type: "json" };
import { PoolExhaustedError, SecretLengthError } from "../memory/errors.ts";
import { LockedPool } from "../memory/locked_pool.ts";
import type { HashName } from "./digest.ts";
import { fromHex, toHex } from "./hexadecimal.ts";
import { tls12Prf, tls12PrfPublic } from "./tls12_prf.ts";

for (const { hash: name, secret, label, seed, output } of vectors.vectors) {
  const hash = name as HashName;
  Deno.test(`L1: the TLS 1.2 PRF with ${name} equals the published vector, however it is cut`, () => {
    using pool = LockedPool.open({ totalBytes: 16384 });
    using key = pool.rent(secret.length / 2);
    key.bytes.set(fromHex(secret));
    const total = output.length / 2;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }),
        fc.nat(15),
        (cuts, splitSeed) => {
          const lengths: number[] = [];
          for (const cut of cuts) if (lengths.reduce((a, b) => a + b, 0) + cut <= total) lengths.push(cut);
          const seedBytes = fromHex(seed);
          const parts = [seedBytes.subarray(0, splitSeed), seedBytes.subarray(splitSeed)];
          const secrets = tls12Prf(pool, hash, key, label, parts, lengths);
          const text = secrets.map((one) => toHex(one.bytes)).join("");
          assert.deepEqual(secrets.map(({ length }) => length), lengths);
          assert.equal(text, output.slice(0, text.length));
          for (const one of secrets) one[Symbol.dispose]();
          assert.equal(pool.blocksInUse, 1);
        },
      ),
    );
    assert.equal(toHex(tls12PrfPublic(pool, hash, key, label, [fromHex(seed)], total)), output);
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

Deno.test("the PRF gives back what it holds when the pool runs dry", () => {
  for (let blocks = 1; blocks <= 6; blocks++) {
    using pool = LockedPool.open({ totalBytes: 64 * blocks });
    using key = pool.rent(32);
    assert.throws(() => tls12Prf(pool, "sha256", key, "x", [], [32, 32, 4, 4]));
    assert.equal(pool.blocksInUse, 1);
  }
});
