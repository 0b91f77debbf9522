import assert from "node:assert/strict";
import fc from "fast-check";
import { TlsError } from "./errors.ts";
import { parseHandshake } from "./handshake.ts";
import { messageCases } from "./testing/message_cases.ts";
import { assertRefused, withBody, withTrailingByte } from "./testing/refusals.ts";

for (const { name, fields, encode, decode, validCuts } of messageCases) {
  Deno.test(`${name}: what is encoded decodes to the same fields and encodes to the same bytes`, () => {
    fc.assert(fc.property(fields, (value) => {
      const raw = encode(value);
      const decoded = decode(parseHandshake(raw));
      assert.partialDeepStrictEqual(decoded, value);
      assert.deepEqual(encode(decoded), raw);
    }));
  });

  Deno.test(`${name}: every truncation is refused with decode_error`, () => {
    fc.assert(
      fc.property(fields, (value) => {
        const message = parseHandshake(encode(value));
        const valid = validCuts?.(message.body) ?? [];
        for (let length = 0; length < message.body.length; length += 1) {
          if (valid.includes(length)) continue;
          assertRefused(() => decode(withBody(message, message.body.subarray(0, length))), "decode_error");
        }
      }),
      { numRuns: 12 },
    );
  });

  if (name !== "Finished") {
    Deno.test(`${name}: a byte after its end is refused with decode_error`, () => {
      fc.assert(fc.property(fields, (value) => {
        const message = parseHandshake(encode(value));
        assertRefused(() => decode(withBody(message, withTrailingByte(message.body))), "decode_error");
      }));
    });
  }

  Deno.test(`${name}: a message of another type is refused with unexpected_message`, () => {
    const [value] = fc.sample(fields, 1);
    const raw = encode(value!);
    raw[0] = 42;
    assertRefused(() => decode(parseHandshake(raw)), "unexpected_message", "UNEXPECTED_MESSAGE");
  });

  Deno.test(`${name}: damaged bytes give a message or a TlsError, never another error`, () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(fields, damage, (value, damages) => {
      const message = parseHandshake(encode(value));
      if (message.body.length === 0) return;
      for (const [position, byte] of damages) message.body[position % message.body.length] = byte;
      try {
        decode(message);
      } catch (error) {
        assert.ok(error instanceof TlsError, `${error}`);
      }
    }));
  });
}
