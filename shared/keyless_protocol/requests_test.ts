import assert from "node:assert/strict";
import fc from "fast-check";
import { KeylessError, ProtocolError } from "./errors.ts";
import { type Frame, FrameReader } from "./frame.ts";
import { type KeylessRequest, operationNumbers, type SignTls13Request } from "./operations.ts";
import { decodeRequest, encodeRequest, maximumHandshakeMessagesLength } from "./requests.ts";
import { keylessRequests } from "./testing/arbitraries.ts";

function toFrame(bytes: Uint8Array): Frame {
  const reader = new FrameReader();
  reader.push(bytes);
  const frame = reader.next();
  assert.ok(frame !== undefined && reader.atFrameBoundary);
  return frame;
}

const hashRequest: SignTls13Request = {
  operation: "sign-tls13",
  role: "server",
  subjectKeyIdentifier: new Uint8Array(20).fill(0xaa),
  serverName: "a.test",
  deadline: 0x01020304,
  signatureScheme: 0x0403,
  transcript: { form: "hash", transcriptHash: new Uint8Array(32).fill(0xbb) },
};
const strictRequest: SignTls13Request = {
  ...hashRequest,
  transcript: { form: "strict", handshakeMessages: new Uint8Array([1, 2, 3]) },
};
const samples: KeylessRequest[] = [
  hashRequest,
  strictRequest,
  {
    ...hashRequest,
    operation: "sign-tls12",
    clientRandom: new Uint8Array(32),
    serverRandom: new Uint8Array(32),
    namedCurve: 29,
    publicKey: new Uint8Array(32),
  },
  {
    ...hashRequest,
    operation: "rsa-key-exchange",
    clientVersion: 0x0303,
    prfHash: "sha256",
    seed: { form: "randoms", clientRandom: new Uint8Array(32), serverRandom: new Uint8Array(32) },
    encryptedPreMasterSecret: new Uint8Array(256),
    recipientPublicKey: new Uint8Array(32),
  },
];

Deno.test("every request survives encoding and decoding", () => {
  fc.assert(fc.property(keylessRequests, fc.integer({ min: 1, max: 0xffff_ffff }), (request, id) => {
    const frame = toFrame(encodeRequest(id, request));
    assert.equal(frame.id, id);
    assert.equal(frame.kind, operationNumbers[request.operation]);
    assert.deepEqual(decodeRequest(frame), request);
  }));
});

Deno.test("a sign-tls13 request has the bytes of PROTOCOL.md", () => {
  const expected = [0, 0, 0, 68, 0, 0, 0, 7, 2, 1, ...Array(20).fill(0xaa), 1, 2, 3, 4, 6];
  expected.push(...new TextEncoder().encode("a.test"), 4, 3, 1, 32, ...Array(32).fill(0xbb));
  assert.deepEqual([...encodeRequest(7, hashRequest)], expected);
});

Deno.test("a request cut short at any byte, or with a byte too many, breaks the protocol", () => {
  for (const sample of samples) {
    const { id, kind, body } = toFrame(encodeRequest(1, sample));
    for (let length = 0; length < body.length; length++) {
      assert.throws(() => decodeRequest({ id, kind, body: body.subarray(0, length) }), ProtocolError);
    }
    const longer = new Uint8Array(body.length + 1);
    longer.set(body);
    assert.throws(() => decodeRequest({ id, kind, body: longer }), ProtocolError);
  }
  assert.throws(() => decodeRequest({ id: 1, kind: 1, body: new Uint8Array(1) }), ProtocolError);
});

Deno.test("random bytes are refused or decoded, never anything else", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 200 }), (kind, body) => {
    try {
      decodeRequest({ id: 1, kind, body });
    } catch (error) {
      assert.ok(error instanceof ProtocolError || error instanceof KeylessError);
    }
  }));
});

/** Decodes the sample after one byte of its body was changed. */
function decodeChanged(sample: KeylessRequest, offset: number, value: number): KeylessRequest {
  const frame = toFrame(encodeRequest(1, sample));
  frame.body[offset] = value;
  return decodeRequest(frame);
}

// Offsets into the body with the server name "a.test": role 0, deadline 21, name 25..32, scheme 32, form 34.
Deno.test("an undefined role breaks the protocol; the role client is answered as not supported", () => {
  for (const role of [0, 3, 255]) assert.throws(() => decodeChanged(hashRequest, 0, role), ProtocolError);
  assert.throws(() => decodeChanged(hashRequest, 0, 2), { name: "KeylessError", code: "bad-request" });
});

Deno.test("an unknown operation is answered as a bad request, not a broken protocol", () => {
  for (const kind of [0, 5, 0x81, 0xff]) {
    assert.throws(() => decodeRequest({ id: 1, kind, body: new Uint8Array(0) }), { code: "bad-request" });
  }
});

Deno.test("a deadline of zero breaks the protocol", () => {
  const frame = toFrame(encodeRequest(1, hashRequest));
  frame.body.fill(0, 21, 25);
  assert.throws(() => decodeRequest(frame), ProtocolError);
  for (const deadline of [0, -1, 1.5, NaN, 2 ** 32]) {
    assert.throws(() => encodeRequest(1, { ...hashRequest, deadline }), ProtocolError);
  }
});

Deno.test("a server name that is no host name in lower case breaks the protocol", () => {
  for (const byte of [0x41, 0x00, 0x20, 0x2f, 0xe9]) {
    assert.throws(() => decodeChanged(hashRequest, 26, byte), ProtocolError);
  }
  assert.throws(() => decodeChanged(hashRequest, 31, 0x2e), ProtocolError, "a trailing dot");
  for (const serverName of [".", "a..b", "a.", `${"a".repeat(64)}.test`, "a.".repeat(130) + "a", "é.test"]) {
    assert.throws(() => encodeRequest(1, { ...hashRequest, serverName }), ProtocolError);
  }
});

Deno.test("a server name is lowered on its way out", () => {
  const frame = toFrame(encodeRequest(1, { ...hashRequest, serverName: "WWW.Test" }));
  assert.equal((decodeRequest(frame) as SignTls13Request).serverName, "www.test");
});

Deno.test("an undefined transcript form, and a hash of no suite's length, break the protocol", () => {
  for (const form of [0, 3, 255]) assert.throws(() => decodeChanged(hashRequest, 34, form), ProtocolError);
  for (const length of [0, 20, 31, 33, 64]) {
    const transcript = { form: "hash" as const, transcriptHash: new Uint8Array(length) };
    assert.throws(() => encodeRequest(1, { ...hashRequest, transcript }), ProtocolError);
  }
  const frame = toFrame(encodeRequest(1, hashRequest));
  frame.body[35] = 31;
  assert.throws(() => decodeRequest({ ...frame, body: frame.body.subarray(0, -1) }), ProtocolError);
});

Deno.test("handshake messages of the bound pass; none, or one byte more, break the protocol", () => {
  const withLength = (length: number): SignTls13Request => ({
    ...hashRequest,
    transcript: { form: "strict", handshakeMessages: new Uint8Array(length) },
  });
  const longest = encodeRequest(1, withLength(maximumHandshakeMessagesLength));
  assert.deepEqual(decodeRequest(toFrame(longest)), withLength(maximumHandshakeMessagesLength));
  for (const length of [0, maximumHandshakeMessagesLength + 1]) {
    assert.throws(() => encodeRequest(1, withLength(length)), ProtocolError);
  }
  const tooLong = new Uint8Array(37 + maximumHandshakeMessagesLength + 1);
  tooLong.set(toFrame(longest).body);
  new DataView(tooLong.buffer).setUint16(35, maximumHandshakeMessagesLength + 1);
  assert.throws(() => decodeRequest({ id: 1, kind: 2, body: tooLong }), ProtocolError);
});

Deno.test("byte fields of another length than the protocol's are not encoded", () => {
  const [, , tls12, rsa] = samples as [unknown, unknown, KeylessRequest, KeylessRequest];
  const wrong: unknown[] = [
    { ...hashRequest, subjectKeyIdentifier: new Uint8Array(19) },
    { ...(tls12 as object), clientRandom: new Uint8Array(31) },
    { ...(tls12 as object), serverRandom: new Uint8Array(33) },
    { ...(tls12 as object), publicKey: new Uint8Array(0) },
    { ...(rsa as object), recipientPublicKey: new Uint8Array(31) },
    { ...(rsa as object), encryptedPreMasterSecret: new Uint8Array(1025) },
    { ...(rsa as object), seed: { form: "extended", sessionHash: new Uint8Array(33) } },
    {
      ...(rsa as object),
      seed: { form: "randoms", clientRandom: new Uint8Array(1), serverRandom: new Uint8Array(32) },
    },
  ];
  for (const request of wrong) {
    assert.throws(() => encodeRequest(1, request as KeylessRequest), ProtocolError);
  }
});

Deno.test("an undefined prf hash or seed form breaks the protocol", () => {
  const rsa = samples[3]!;
  for (const value of [0, 3]) {
    assert.throws(() => decodeChanged(rsa, 34, value), ProtocolError);
    assert.throws(() => decodeChanged(rsa, 35, value), ProtocolError);
  }
});
