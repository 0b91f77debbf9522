import assert from "node:assert/strict";
import fc from "fast-check";
import { TlsError } from "../errors.ts";
import { extensionArbitraries, formlessExtensions } from "../testing/extension_arbitraries.ts";
import { assertRefused, withTrailingByte } from "../testing/refusals.ts";
import { decodeExtension, encodeExtension, type ExtensionCodec } from "./extension.ts";
import { extensionMatrix } from "./matrix.ts";

function codecsOfMatrix(): Map<ExtensionCodec<unknown>, string> {
  const codecs = new Map<ExtensionCodec<unknown>, string>();
  for (const [extension, row] of Object.entries(extensionMatrix)) {
    for (const [message, codec] of Object.entries(row)) {
      if (!codecs.has(codec)) codecs.set(codec, `${extension} in ${message}`);
    }
  }
  return codecs;
}

for (const [codec, name] of codecsOfMatrix()) {
  const values = extensionArbitraries.get(codec)!;

  Deno.test(`${name}: what is encoded decodes to the same value`, () => {
    fc.assert(fc.property(values, (value) => {
      const { type, data } = encodeExtension(codec, value);
      assert.equal(type, codec.type);
      assert.deepEqual(decodeExtension(codec, data), value);
    }));
  });

  Deno.test(`${name}: damaged or random data gives a value or a TlsError, never another error`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
      try {
        decodeExtension(codec, data);
      } catch (error) {
        assert.ok(error instanceof TlsError, `${error}`);
      }
    }));
  });

  if (formlessExtensions.has(codec)) continue;

  Deno.test(`${name}: every truncation and a byte after its end are refused with decode_error`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const { data } = encodeExtension(codec, value);
        const refuse = (bytes: Uint8Array) =>
          assertRefused(() => decodeExtension(codec, bytes), "decode_error");
        for (let length = 0; length < data.length; length += 1) refuse(data.subarray(0, length));
        refuse(withTrailingByte(data));
      }),
      { numRuns: 15 },
    );
  });
}

Deno.test("every codec of the matrix is tested here", () => {
  assert.deepEqual(new Set(extensionArbitraries.keys()), new Set(codecsOfMatrix().keys()));
});
