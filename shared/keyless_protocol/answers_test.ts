import assert from "node:assert/strict";
import fc from "fast-check";
import { answerNumbers, decodeAnswer, encodeAnswer, type KeylessAnswer } from "./answers.ts";
import { type KeylessErrorCode, keylessErrorNumbers, ProtocolError } from "./errors.ts";
import { type Frame, FrameReader } from "./frame.ts";
import { bytesOf, record } from "./testing/arbitraries.ts";

const answers: fc.Arbitrary<KeylessAnswer> = fc.oneof(
  fc.constant({ type: "pong" as const }),
  record({
    type: fc.constant("signature" as const),
    signature: fc.uint8Array({ minLength: 1, maxLength: 600 }),
  }),
  record({
    type: fc.constant("sealed-master-secret" as const),
    encapsulatedKey: bytesOf(32),
    ciphertext: bytesOf(64),
  }),
  record({
    type: fc.constant("error" as const),
    code: fc.constantFrom(...Object.keys(keylessErrorNumbers) as KeylessErrorCode[]),
    reason: fc.string({ maxLength: 60 }),
  }),
);

function toFrame(bytes: Uint8Array): Frame {
  const reader = new FrameReader();
  reader.push(bytes);
  return reader.next()!;
}

Deno.test("every answer survives encoding and decoding", () => {
  fc.assert(fc.property(answers, fc.integer({ min: 0, max: 0xffff_ffff }), (answer, id) => {
    const frame = toFrame(encodeAnswer(id, answer));
    assert.equal(frame.id, id);
    assert.equal(frame.kind, answerNumbers[answer.type]);
    assert.deepEqual(decodeAnswer(frame), answer);
  }));
});

Deno.test("an answer cut short at any byte, or with a byte too many, is refused", () => {
  fc.assert(fc.property(answers, (answer) => {
    const { id, kind, body } = toFrame(encodeAnswer(1, answer));
    for (let length = 0; length < body.length; length++) {
      assert.throws(() => decodeAnswer({ id, kind, body: body.subarray(0, length) }), ProtocolError);
    }
    const longer = new Uint8Array(body.length + 1);
    longer.set(body);
    assert.throws(() => decodeAnswer({ id, kind, body: longer }), ProtocolError);
  }));
});

Deno.test("answers of an undefined kind or with an undefined error are refused", () => {
  for (const kind of [0, 1, 2, 0x80, 0x84, 0xfe]) {
    assert.throws(() => decodeAnswer({ id: 1, kind, body: new Uint8Array(0) }), ProtocolError);
  }
  for (const code of [0, 8]) {
    assert.throws(
      () => decodeAnswer({ id: 1, kind: 0xff, body: new Uint8Array([0, code, 0]) }),
      ProtocolError,
    );
  }
});

Deno.test("an empty signature and a reason that is not UTF-8 are refused", () => {
  assert.throws(() => decodeAnswer({ id: 1, kind: 0x82, body: new Uint8Array(2) }), ProtocolError);
  assert.throws(
    () => decodeAnswer({ id: 1, kind: 0xff, body: new Uint8Array([0, 1, 1, 0xff]) }),
    ProtocolError,
  );
  assert.throws(() => encodeAnswer(1, { type: "signature", signature: new Uint8Array(0) }), ProtocolError);
});

Deno.test("a reason over 255 bytes is cut between two characters", () => {
  const frame = toFrame(encodeAnswer(1, { type: "error", code: "overloaded", reason: "é".repeat(200) }));
  assert.deepEqual(decodeAnswer(frame), { type: "error", code: "overloaded", reason: "é".repeat(127) });
});
