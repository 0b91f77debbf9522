import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { roundKeys } from "./aes_key_schedule.ts";
import { formsOf } from "./forms.ts";
import { stateAfter } from "./sha2_state.ts";

Deno.test("the audit's AES round keys are those of FIPS 197, Appendix A", () => {
  const of = (hex: string) => roundKeys(Uint8Array.fromHex(hex)).at(-1)!.toHex();
  assert.equal(of("2b7e151628aed2a6abf7158809cf4f3c"), "d014f9a8c9ee2589e13f0cc8b6630ca6");
  assert.equal(
    of("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
    "fe4890d1e6188d0b046df344706c631e",
  );
});

for (const hash of ["sha256", "sha384", "sha512"] as const) {
  Deno.test(`the audit's ${hash} state after the one block of a short message is its digest`, () => {
    const isLong = hash !== "sha256";
    const block = new Uint8Array(isLong ? 128 : 64);
    block.set([0x61, 0x62, 0x63, 0x80]);
    block[block.length - 1] = 24; // "abc", in bits
    const word = isLong ? 8 : 4;
    const state = stateAfter(hash, block);
    const digest = Array.from(
      { length: 8 },
      (_, i) => state.slice(i * word, (i + 1) * word).toReversed().toHex(),
    );
    const expected = createHash(hash).update("abc").digest("hex");
    assert.equal(digest.join("").slice(0, expected.length), expected);
  });
}

Deno.test("a key is looked for in each of its forms, and no form is one that chance finds", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 0xff);
  const forms = formsOf({ name: "key", bytes, aead: "aes-256-gcm", hmac: "sha384" });
  for (
    const form of [
      "raw",
      "limbs reversed",
      "hex",
      "base64",
      "HMAC inner pad",
      "HMAC outer state",
      "AES round key 14",
    ]
  ) {
    assert((forms.get(form)?.length ?? 0) >= 16, form);
  }
  assert.equal(formsOf({ name: "zeros", bytes: new Uint8Array(32) }).size, 0);
});

Deno.test("of what has few random bytes only the bytes themselves are looked for", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 2);
  assert.deepEqual([...formsOf({ name: "nonce", bytes, isRawOnly: true }).keys()], ["raw"]);
});
