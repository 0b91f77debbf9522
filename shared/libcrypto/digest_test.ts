import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { digest, hashLength, type HashName, RunningDigest } from "./digest.ts";
import { toHex } from "./hexadecimal.ts";

const hashes: HashName[] = ["sha256", "sha384", "sha512"];
const abc = new TextEncoder().encode("abc");

Deno.test("SHA-256, SHA-384 and SHA-512 of abc are those of FIPS 180-4's examples", () => {
  assert.equal(
    toHex(digest("sha256", abc)),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assert.equal(
    toHex(digest("sha384", abc)),
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  );
  assert.equal(
    toHex(digest("sha512", abc)),
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  );
});

Deno.test("a digest of parts, at once or running, equals node:crypto's of the whole", () => {
  fc.assert(fc.property(fc.constantFrom(...hashes), fc.array(fc.uint8Array()), (hash, parts) => {
    const expected = new Uint8Array(createHash(hash).update(Buffer.concat(parts)).digest());
    using running = new RunningDigest(hash);
    for (const part of parts) {
      running.update(part);
      running.snapshot(); // reading does not disturb
    }
    assert.deepEqual(digest(hash, ...parts), expected);
    assert.deepEqual(running.snapshot(), expected);
    assert.equal(expected.length, hashLength[hash]);
  }));
});

Deno.test("a clone and its original go different ways", () => {
  using original = new RunningDigest("sha256");
  original.update(abc);
  using clone = original.clone();
  original.update(abc);
  assert.deepEqual(clone.snapshot(), digest("sha256", abc));
  assert.deepEqual(original.snapshot(), digest("sha256", abc, abc));
});

Deno.test("a disposed digest refuses every use", () => {
  const running = new RunningDigest("sha256");
  running[Symbol.dispose]();
  running[Symbol.dispose]();
  assert.throws(() => running.update(abc), TypeError);
  assert.throws(() => running.snapshot(), TypeError);
  assert.throws(() => running.clone(), TypeError);
});
