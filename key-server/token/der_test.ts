import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { derElement, derTag, derUnsignedInteger, ecdsaSignatureToDer } from "./der.ts";

Deno.test("lengths take the short form below 128 bytes and the long form from there on", () => {
  const header = (length: number) => [...derElement(4, new Uint8Array(length)).subarray(0, 4)];
  assert.deepEqual(header(127).slice(0, 2), [4, 127]);
  assert.deepEqual(header(128).slice(0, 3), [4, 0x81, 128]);
  assert.deepEqual(header(256), [4, 0x82, 1, 0]);
});

Deno.test("an unsigned number loses leading zeros and gains one before a set top bit", () => {
  const integer = (...bytes: number[]) => [...derUnsignedInteger(new Uint8Array(bytes))];
  assert.deepEqual(integer(0, 0, 1), [2, 1, 1]);
  assert.deepEqual(integer(0, 0x80), [2, 2, 0, 0x80]);
  assert.deepEqual(integer(0, 0), [2, 1, 0]);
  assert.deepEqual(integer(), [2, 1, 0]);
});

Deno.test("every r||s becomes two minimal integers of the same value", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (raw) => {
    const der = ecdsaSignatureToDer(raw);
    assert.equal(der[0], derTag.sequence);
    const rLength = der[3]!;
    const value = (bytes: Uint8Array) => BigInt(`0x${bytes.toHex() || "0"}`);
    assert.equal(value(der.subarray(4, 4 + rLength)), value(raw.subarray(0, 32)));
    assert.equal(value(der.subarray(6 + rLength)), value(raw.subarray(32)));
  }));
});

Deno.test("a converted P-256 signature verifies", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const message = new Uint8Array([1, 2, 3]);
  for (let i = 0; i < 20; i++) {
    const raw = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
    assert.ok(
      verify(
        "sha256",
        message,
        createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
        ecdsaSignatureToDer(raw),
      ),
    );
  }
});
