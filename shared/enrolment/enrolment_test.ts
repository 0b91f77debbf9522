import assert from "node:assert/strict";
import {
  decodeEnrolmentRequest,
  encodeEnrolmentRequest,
  EnrolmentRequestError,
  maximumEnrolmentLength,
} from "./enrolment_request.ts";
import { EnrolmentTokenError, formatEnrolmentToken, parseEnrolmentToken } from "./enrolment_token.ts";

const id = new Uint8Array(8).fill(0x1a);
const secret = crypto.getRandomValues(new Uint8Array(32));
const authorities = [new Uint8Array([0x30, 0x03, 1, 2, 3]), new Uint8Array([0x30, 0x00])];
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a token is read as it was made, its text is zeroed, and its secret when it is disposed", () => {
  const text = bytes(formatEnrolmentToken(id, secret, authorities) + "\n");
  const token = parseEnrolmentToken(text);
  assert.deepEqual([token.id, token.secret, token.authorities], [id, secret, authorities]);
  assert(text.every((byte) => byte === 0));
  token[Symbol.dispose]();
  assert(token.secret.every((byte) => byte === 0));
});

Deno.test("what is no token is refused, and the refusal does not tell what was read", () => {
  const good = formatEnrolmentToken(id, secret, authorities);
  const secretText = secret.toHex();
  for (
    const text of [
      "",
      "hfe2" + good.slice(4),
      good.slice(0, 60),
      good.replace(".", ""),
      good.replace(secretText, secretText.toUpperCase().replace(/[0-9]/g, "A")),
      good.slice(0, good.indexOf(secretText) + 64),
      good.slice(0, good.indexOf(secretText) + 64) + ".",
      good + ".",
      good + ".***",
      good.slice(0, -1) + "é",
      good + ".A".repeat(40_000),
    ]
  ) {
    assert.throws(
      () => parseEnrolmentToken(bytes(text)),
      (error) => error instanceof EnrolmentTokenError && !error.message.includes(secretText.slice(0, 8)),
      text.slice(0, 80),
    );
  }
});

Deno.test("an enrolment is read as it was sent; a short one and a long one are refused", () => {
  const request = { tokenId: id, tokenSecret: secret, certificateRequest: new Uint8Array([0x30, 0]) };
  const body = encodeEnrolmentRequest(request);
  assert.deepEqual(decodeEnrolmentRequest(body), request);
  for (const length of [0, 39, 40, maximumEnrolmentLength + 1]) {
    assert.throws(() => decodeEnrolmentRequest(new Uint8Array(length)), EnrolmentRequestError);
  }
});
