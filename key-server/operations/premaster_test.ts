import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { randomSecret } from "../../shared/libcrypto/random.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { blockOf, ciphertextClasses, randomPremaster } from "../../test/harness/rsa_ciphertexts.ts";
import { choosePremaster, conformityMask } from "./premaster.ts";

const lengths = [256, 384, 512, 1024];

Deno.test("a block is taken only if it is wholly well formed", () => {
  for (const length of lengths) {
    for (const kind of ciphertextClasses) {
      for (let i = 0; i < 50; i++) {
        assert.equal(conformityMask(blockOf(kind, length), 0x0303), kind === "good" ? 0xff : 0, kind);
      }
    }
  }
});

Deno.test("every single byte that can be wrong refuses the block", () => {
  const good = blockOf("good", 256);
  const start = 256 - 48;
  for (let value = 0; value < 256; value++) {
    assert.equal(conformityMask(good.with(0, value), 0x0303), value === 0 ? 0xff : 0);
    assert.equal(conformityMask(good.with(1, value), 0x0303), value === 2 ? 0xff : 0);
    assert.equal(conformityMask(good.with(start - 1, value), 0x0303), value === 0 ? 0xff : 0);
    assert.equal(conformityMask(good.with(start, value), 0x0303), value === 3 ? 0xff : 0);
    assert.equal(conformityMask(good.with(start + 1, value), 0x0303), value === 3 ? 0xff : 0);
  }
  for (let i = 2; i < start - 1; i++) {
    assert.equal(conformityMask(good.with(i, 0), 0x0303), 0, `a zero at ${i}`);
    for (const value of [1, 0x7f, 0x80, 0xff]) {
      assert.equal(conformityMask(good.with(i, value), 0x0303), 0xff);
    }
  }
  for (let i = start + 2; i < 256; i++) assert.equal(conformityMask(good.with(i, 0), 0x0303), 0xff, "random");
});

Deno.test("the version that the client offered is the one that the premaster must have", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff }), (offered) => {
    assert.equal(conformityMask(blockOf("good", 256), offered), offered === 0x0303 ? 0xff : 0);
    const premaster = randomPremaster();
    premaster.set([offered >> 8, offered & 0xff]);
    const block = blockOf("good", 256);
    block.set(premaster, 256 - 48);
    assert.equal(conformityMask(block, offered), 0xff);
  }));
});

Deno.test("a good block gives its own premaster, all others an HMAC of version and ciphertext", () => {
  using memory = LockedPool.open({ totalBytes: 65_536, blockSize: 1024 });
  using rejectionSecret = randomSecret(memory, 32);
  const ciphertext = new Uint8Array(256).fill(5);
  for (const kind of ciphertextClasses) {
    for (const acceptable of [true, false]) {
      using block = memory.rent(256);
      block.bytes.set(blockOf(kind, 256));
      using premaster = choosePremaster(memory, { block, acceptable }, rejectionSecret, {
        clientVersion: 0x0303,
        ciphertext,
      });
      const rejection = createHmac("sha384", rejectionSecret.bytes).update(Uint8Array.of(3, 3)).update(
        ciphertext,
      );
      const expected = kind === "good" && acceptable
        ? block.bytes.slice(-48)
        : new Uint8Array(rejection.digest());
      assert.deepEqual(premaster.bytes, expected, kind);
    }
  }
  assert.equal(memory.blocksInUse, 1);
});
