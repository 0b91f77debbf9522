import assert from "node:assert/strict";
import fc from "fast-check";
import { concatenate } from "../codec/concatenate.ts";
import { HandshakeType } from "../tls_constants.ts";
import { MalformedMessage } from "./errors.ts";
import {
  encodeHandshake,
  type HandshakeMessage,
  parseHandshake,
  splitHandshakeMessages,
} from "./handshake.ts";
import { longestHandshakeBody } from "./handshake_limits.ts";
import { HandshakeReassembler } from "./handshake_reassembler.ts";
import { anyByte, anyBytes, listOf } from "./testing/extension_arbitraries.ts";
import { assertRefused } from "./testing/refusals.ts";

const encode = (type: number, body: Uint8Array) => encodeHandshake(type, (writer) => writer.bytes(body));

/** Cuts bytes at the given places, taken modulo the length. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % bytes.length)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

function takeAll(reassembler: HandshakeReassembler): HandshakeMessage[] {
  const messages: HandshakeMessage[] = [];
  for (let next = reassembler.next(); next !== undefined; next = reassembler.next()) messages.push(next);
  return messages;
}

const anyMessages = listOf(fc.tuple(anyByte, anyBytes(0, 64)), 1, 6);

Deno.test("messages come out whole however they are cut into fragments", () => {
  fc.assert(fc.property(anyMessages, fc.array(fc.nat()), fc.boolean(), (messages, places, takeEachTime) => {
    const encoded = messages.map(([type, body]) => encode(type, body));
    const reassembler = new HandshakeReassembler();
    const taken: HandshakeMessage[] = [];
    for (const fragment of cut(concatenate(encoded), places)) {
      reassembler.push(fragment);
      if (takeEachTime) taken.push(...takeAll(reassembler));
    }
    taken.push(...takeAll(reassembler));
    assert.deepEqual(taken.map(({ raw }) => raw), encoded);
    assert.deepEqual(taken.map(({ type, body }) => [type, body]), messages);
    assert.ok(reassembler.isEmpty);
  }));
});

Deno.test("a partial message, a partial header and a message not taken yet are not empty", () => {
  const message = encode(1, new Uint8Array(5));
  for (let length = 1; length <= message.length; length += 1) {
    const reassembler = new HandshakeReassembler();
    reassembler.push(message.subarray(0, length));
    assert.equal(reassembler.isEmpty, false);
    assert.equal(reassembler.next() !== undefined, length === message.length);
    assert.equal(reassembler.isEmpty, length === message.length);
  }
});

Deno.test("a message within one fragment is a view, one over several keeps its bytes", () => {
  const whole = encode(1, Uint8Array.of(1, 2, 3));
  const reassembler = new HandshakeReassembler();
  reassembler.push(whole);
  assert.equal(reassembler.next()!.raw.buffer, whole.buffer);

  const [first, second] = [whole.slice(0, 5), whole.slice(5)];
  reassembler.push(first);
  assert.equal(reassembler.next(), undefined);
  reassembler.push(second);
  const message = reassembler.next()!;
  first.fill(0xff);
  second.fill(0xff);
  reassembler.push(encode(2, new Uint8Array(50)).subarray(0, 20));
  reassembler.next();
  assert.deepEqual(message.raw, whole);
});

Deno.test("a header that announces more than the limit is refused at once with illegal_parameter", () => {
  for (const type of [...Object.values(HandshakeType), 42]) {
    const longest = longestHandshakeBody(type);
    const header = (length: number) => Uint8Array.of(type, length >> 16, length >> 8 & 0xff, length & 0xff);
    const allowed = new HandshakeReassembler();
    allowed.push(header(longest));
    assert.equal(allowed.next()?.body.length, longest === 0 ? 0 : undefined);
    const refused = new HandshakeReassembler();
    refused.push(header(longest + 1));
    assertRefused(() => refused.next(), "illegal_parameter", "EXCESSIVE_MESSAGE_SIZE");
  }
});

Deno.test("a ClientHello of 64 KiB is refused", () => {
  assert.ok(longestHandshakeBody(HandshakeType.client_hello) < 65_536 - 4);
});

Deno.test("the owner may set limits of its own", () => {
  const reassembler = new HandshakeReassembler((type) => type === HandshakeType.key_update ? 1 : 0);
  reassembler.push(encode(HandshakeType.key_update, Uint8Array.of(0)));
  assert.ok(reassembler.next());
  reassembler.push(encode(HandshakeType.finished, Uint8Array.of(0)));
  assertRefused(() => reassembler.next(), "illegal_parameter", "EXCESSIVE_MESSAGE_SIZE");
});

Deno.test("messages one after the other are split, and a torn last one is refused", () => {
  fc.assert(fc.property(anyMessages, (messages) => {
    const encoded = messages.map(([type, body]) => encode(type, body));
    const bytes = concatenate(encoded);
    assert.deepEqual(splitHandshakeMessages(bytes).map(({ raw }) => raw), encoded);
    const torn = bytes.subarray(0, bytes.length - 1);
    assert.throws(() => splitHandshakeMessages(torn), MalformedMessage);
  }));
});

Deno.test("no message, two messages and a torn one are refused where one is wanted", () => {
  const message = encode(1, new Uint8Array(2));
  for (const bytes of [new Uint8Array(0), concatenate([message, message]), message.subarray(0, 5)]) {
    assertRefused(() => parseHandshake(bytes), "decode_error");
  }
});
