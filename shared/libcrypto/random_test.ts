import assert from "node:assert/strict";
import { LockedPool } from "../memory/locked_pool.ts";
import { constantTimeEqual } from "./constant_time.ts";
import { toHex } from "./hexadecimal.ts";
import { randomBytes, randomSecret } from "./random.ts";

Deno.test("random bytes and random secrets have the length asked for and never repeat", () => {
  using pool = LockedPool.open({ totalBytes: 65536 });
  const seen = new Set<string>();
  for (let round = 0; round < 100; round++) {
    using secret = randomSecret(pool, 48);
    const bytes = randomBytes(48);
    assert.deepEqual([secret.length, bytes.length], [48, 48]);
    seen.add(toHex(secret.bytes)).add(toHex(bytes));
  }
  assert.equal(seen.size, 200);
  assert.equal(pool.blocksInUse, 0);
});

Deno.test("constant-time comparison finds a difference in every bit, and in length", () => {
  const bytes = randomBytes(64);
  assert.equal(constantTimeEqual(bytes, bytes.slice()), true);
  assert.equal(constantTimeEqual(new Uint8Array(0), new Uint8Array(0)), true);
  assert.equal(constantTimeEqual(bytes, bytes.subarray(1)), false);
  for (let bit = 0; bit < 512; bit++) {
    const other = bytes.slice();
    other[bit >> 3] = other[bit >> 3]! ^ 1 << (bit & 7);
    assert.equal(constantTimeEqual(bytes, other), false);
  }
});
