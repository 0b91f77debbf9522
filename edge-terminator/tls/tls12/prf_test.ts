import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import vectors from "../../../test/vectors/tls12_prf.json" with { type: "json" };
import { prf } from "./prf.ts";

for (const { hash, secret, label, seed, output } of vectors.vectors) {
  Deno.test(`L1: the PRF of TLS 1.2 with ${hash} passes the published vector`, () => {
    using pool = LockedPool.open({ totalBytes: 4096 });
    {
      using key = pool.rent(secret.length / 2);
      key.bytes.set(Uint8Array.fromHex(secret));
      // Cut at odd places: the pieces must join to the published stream.
      const total = output.length / 2;
      const lengths = [1, 47, 13, 32, total - 93];
      const cuts: number[] = [];
      for (let left = total, index = 0; left > 0; index++) {
        const length = Math.min(left, lengths[index] ?? left, 64);
        cuts.push(length);
        left -= length;
      }
      const pieces = prf(pool, hash as "sha256" | "sha384", key, label, [Uint8Array.fromHex(seed)], cuts);
      assert.equal(pieces.map((piece) => piece.bytes.toHex()).join(""), output);
      for (const piece of pieces) piece[Symbol.dispose]();
    }
    assert.equal(pool.blocksInUse, 0);
  });
}

Deno.test("the PRF gives back what it holds when the pool runs dry", () => {
  for (let blocks = 1; blocks <= 6; blocks++) {
    using pool = LockedPool.open({ totalBytes: 64 * blocks });
    using key = pool.rent(32);
    assert.throws(() => prf(pool, "sha256", key, "x", [], [32, 32, 4, 4]));
    assert.equal(pool.blocksInUse, 1);
  }
});
