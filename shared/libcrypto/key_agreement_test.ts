import assert from "node:assert/strict";
import { createECDH } from "node:crypto";
import { LockedPool } from "../memory/locked_pool.ts";
import { KeyAgreementError } from "./errors.ts";
import { fromHex, toHex } from "./hexadecimal.ts";
import { EphemeralKeyPair, type KeyAgreementGroup, publicKeyLength } from "./key_agreement.ts";
import { secureHeapBytesUsed, secureHeapIsOpen } from "./secure_heap.ts";

const groups: KeyAgreementGroup[] = ["x25519", "secp256r1", "secp384r1"];

Deno.test("x25519 equals RFC 7748, Section 6.1", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using scalar = pool.rent(32);
  scalar.bytes.set(fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  using alice = EphemeralKeyPair.fromX25519Scalar(scalar);
  assert.equal(toHex(alice.publicKey), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  using secret = alice.derive(
    pool,
    fromHex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
  );
  assert.equal(toHex(secret.bytes), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
});

for (const group of groups) {
  Deno.test(`both ends of ${group} arrive at one secret, in the pool`, () => {
    using pool = LockedPool.open({ totalBytes: 4096 });
    using one = EphemeralKeyPair.generate(group);
    using other = EphemeralKeyPair.generate(group);
    assert.notEqual(toHex(one.publicKey), toHex(other.publicKey));
    assert.equal(one.publicKey.length, publicKeyLength(group));
    using a = one.derive(pool, other.publicKey);
    using b = other.derive(pool, one.publicKey);
    assert.equal(toHex(a.bytes), toHex(b.bytes));
    assert.ok(a.address >= pool.address && a.address < pool.address + pool.mappedBytes);
  });

  Deno.test(`${group} refuses keys of a wrong length and keeps no block`, () => {
    using pool = LockedPool.open({ totalBytes: 4096 });
    using pair = EphemeralKeyPair.generate(group);
    for (const key of [new Uint8Array(0), pair.publicKey.subarray(1), Uint8Array.of(...pair.publicKey, 0)]) {
      assert.throws(() => pair.derive(pool, key), KeyAgreementError);
    }
    assert.equal(pool.blocksInUse, 0);
  });
}

for (const [group, curve] of [["secp256r1", "prime256v1"], ["secp384r1", "secp384r1"]] as const) {
  Deno.test(`${group} agrees with node:crypto`, () => {
    using pool = LockedPool.open({ totalBytes: 4096 });
    using ours = EphemeralKeyPair.generate(group);
    const theirs = createECDH(curve);
    using secret = ours.derive(pool, new Uint8Array(theirs.generateKeys()));
    assert.equal(toHex(secret.bytes), toHex(theirs.computeSecret(ours.publicKey)));
  });

  Deno.test(`${group} refuses points off the curve, at infinity, compressed or hybrid`, () => {
    using pool = LockedPool.open({ totalBytes: 4096 });
    using pair = EphemeralKeyPair.generate(group);
    const changed = (index: number, value: number) => {
      const point = pair.publicKey.slice();
      point[index] = value;
      return point;
    };
    const last = pair.publicKey.length - 1;
    const tooLarge = pair.publicKey.slice().fill(0xff, 1, 1 + last / 2); // x is not below the prime
    const points = [
      changed(last, pair.publicKey[last]! ^ 1),
      changed(0, 2),
      changed(0, 6),
      changed(0, 0),
      tooLarge,
    ];
    points.push(new Uint8Array(last + 1), Uint8Array.of(4, ...new Uint8Array(last)));
    for (const point of points) assert.throws(() => pair.derive(pool, point), KeyAgreementError);
    assert.equal(pool.blocksInUse, 0);
  });
}

Deno.test("x25519 refuses every point of low order, which would give an all-zero secret", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using pair = EphemeralKeyPair.generate("x25519");
  const lowOrder = [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    `ec${"ff".repeat(30)}7f`,
    `ed${"ff".repeat(30)}7f`,
    `ee${"ff".repeat(30)}7f`,
  ];
  for (const point of lowOrder) assert.throws(() => pair.derive(pool, fromHex(point)), KeyAgreementError);
  assert.equal(pool.blocksInUse, 0);
});

Deno.test("L17: private scalars live in OpenSSL's secure heap and leave it when disposed", () => {
  for (const group of groups) {
    EphemeralKeyPair.generate(group)[Symbol.dispose](); // OpenSSL keeps some working memory after the first time
    const before = secureHeapBytesUsed();
    const pair = EphemeralKeyPair.generate(group);
    assert.ok(secureHeapIsOpen());
    assert.ok(secureHeapBytesUsed() >= before + 32, `${group} took ${secureHeapBytesUsed() - before} bytes`);
    pair[Symbol.dispose]();
    pair[Symbol.dispose]();
    assert.equal(secureHeapBytesUsed(), before);
    using pool = LockedPool.open({ totalBytes: 4096 });
    assert.throws(() => pair.derive(pool, pair.publicKey), TypeError);
  }
});
