import assert from "node:assert/strict";
import fc from "fast-check";
import { edgeMessageSchema } from "./edge_messages.ts";
import { ControlProtocolError } from "./errors.ts";
import { encodeFrame, maximumBodyLength } from "./frame.ts";
import { MessageReader } from "./message_reader.ts";
import { serverMessageSchema } from "./server_messages.ts";
import { edgeMessages, serverMessages } from "./testing/arbitraries.ts";

const lineage = "2026-11-21T12:00:00.000Z-0123456789abcdef";
const certificate = { id: "ab".repeat(32), chain: ["AAAA"], phase: "active" };
const name = {
  name: "www.holdfast.test",
  certificates: [certificate],
  challenges: [],
  operations: ["sign-tls13"],
  transcript: "hash",
};
const update = { type: "update", lineage, version: 3, from: 0, put: [], remove: [], more: false };

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = cuts[i % cuts.length]!;
    chunks.push(bytes.subarray(at, at += length));
  }
  return chunks;
}

/** Without the prototypes that fast-check's objects lack. */
const plain = (messages: readonly unknown[]) => structuredClone(messages);

const cutLengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });

Deno.test("what an edge says comes out as it went in, however the stream is cut", () => {
  fc.assert(fc.property(fc.array(edgeMessages, { maxLength: 5 }), cutLengths, (sent, cuts) => {
    const reader = new MessageReader(edgeMessageSchema);
    const stream = new Uint8Array(sent.flatMap((message) => [...encodeFrame(message)]));
    assert.deepEqual(cut(stream, cuts).flatMap((chunk) => [...reader.push(chunk)]), plain(sent));
    assert.ok(reader.atMessageBoundary);
  }));
});

Deno.test("what a key server says comes out as it went in, however the stream is cut", () => {
  fc.assert(fc.property(fc.array(serverMessages, { maxLength: 5 }), cutLengths, (sent, cuts) => {
    const reader = new MessageReader(serverMessageSchema);
    const stream = new Uint8Array(sent.flatMap((message) => [...encodeFrame(message)]));
    assert.deepEqual(cut(stream, cuts).flatMap((chunk) => [...reader.push(chunk)]), plain(sent));
  }));
});

Deno.test("a stream cut at any byte of a message gives none and is seen as cut", () => {
  const bytes = encodeFrame({ type: "pong" });
  for (let length = 1; length < bytes.length; length++) {
    const reader = new MessageReader(edgeMessageSchema);
    assert.deepEqual([...reader.push(bytes.subarray(0, length))], []);
    assert.equal(reader.atMessageBoundary, false);
  }
});

Deno.test("a frame over the bound is refused by its header alone, and not encoded", () => {
  const reader = new MessageReader(edgeMessageSchema);
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, maximumBodyLength + 1);
  assert.throws(() => [...reader.push(header)], ControlProtocolError);
  assert.throws(() => encodeFrame("x".repeat(maximumBodyLength)), ControlProtocolError);
});

Deno.test("what is no JSON in UTF-8 is refused", () => {
  for (const body of [[], [0x7b], [0xff, 0xfe], [...new TextEncoder().encode("{}{}")]]) {
    const reader = new MessageReader(edgeMessageSchema);
    assert.throws(() => [...reader.push(Uint8Array.of(0, 0, 0, body.length, ...body))], ControlProtocolError);
  }
});

const announcement = {
  publicKey: "A".repeat(43) + "=",
  madeAt: 1,
  signatureScheme: 0x0403,
  signature: "AAAA",
  chain: ["AAAA"],
};
const instance = "0f".repeat(16);
const join = { type: "ticket-join", announcement };
const send = { type: "ticket-send", to: instance, body: "AAAA" };
const members = {
  type: "ticket-members",
  domain: "public",
  epoch: 0,
  members: [{ instance, edge: "https://edge.holdfast.test/", announcement }],
};

const badEdgeMessages: Record<string, unknown> = {
  "a ticket key of another length": { ...join, announcement: { ...announcement, publicKey: "AAAA" } },
  "an announcement without certificate": { ...join, announcement: { ...announcement, chain: [] } },
  "a ticket message to nobody": { ...send, to: "" },
  "a ticket message over its bound": { ...send, body: "A".repeat(4 * Math.ceil((64 << 10) / 3) + 4) },
  "a ticket message that names its sender": { ...send, from: instance },
  "no object": 7,
  "null": null,
  "an unknown type": { type: "shutdown" },
  "a server's type": { type: "ping" },
  "a field that is not known": { type: "pong", more: 1 },
  "a hello without instance": { type: "hello", software: "1" },
  "an instance of another length": { type: "hello", software: "1", instance: "ab" },
  "an ack of a negative version": { type: "ack", lineage, version: -1, problems: [] },
  "an ack of a fraction": { type: "ack", lineage, version: 1.5, problems: [] },
  "an ack of another lineage's form": { type: "ack", lineage: "today", version: 1, problems: [] },
  "a problem without reason": { type: "ack", lineage, version: 1, problems: [{ name: "a" }] },
  "a request that is no base64": { type: "renew", request: "*" },
  "a request over its bound": { type: "renew", request: "A".repeat((16 << 10) + 4) },
};

for (const [what, message] of Object.entries(badEdgeMessages)) {
  Deno.test(`a key server refuses ${what}`, () => {
    const reader = new MessageReader(edgeMessageSchema);
    assert.throws(() => [...reader.push(encodeFrame(message))], ControlProtocolError);
  });
}

const put = (content: unknown) => ({ ...update, put: [{ tag: "0f".repeat(16), content }] });
const badServerMessages: Record<string, unknown> = {
  "a ticket epoch of a fraction": { ...members, epoch: 0.5 },
  "a member without a name": { ...members, members: [{ ...members.members[0], edge: "" }] },
  "a ticket domain with a slash": { ...members, domain: "a/b" },
  "an edge's type": { type: "pong" },
  "an update without more": { ...update, more: undefined },
  "an update to no version": { ...update, version: undefined },
  "a name that starts with an underscore": put({ ...name, name: "__proto__" }),
  "a removal of such a name": { ...update, remove: ["__proto__"] },
  "a chain of nothing": put({ ...name, certificates: [{ ...certificate, chain: [] }] }),
  "a phase that is not known": put({ ...name, certificates: [{ ...certificate, phase: "draining" }] }),
  "an operation that is not known": put({ ...name, operations: ["sign"] }),
  "a host name in capitals": put({ ...name, serverNames: ["WWW.holdfast.test"] }),
  "a name without tag": { ...update, put: [{ content: name }] },
  "an identity without chain": { type: "identity", chain: [] },
  "a revocation without words": { type: "revoked" },
};

for (const [what, message] of Object.entries(badServerMessages)) {
  Deno.test(`an edge refuses ${what}`, () => {
    const reader = new MessageReader(serverMessageSchema);
    assert.throws(() => [...reader.push(encodeFrame(message))], ControlProtocolError);
  });
}

Deno.test("what the refused messages were made of is taken as it is", () => {
  const reader = new MessageReader(serverMessageSchema);
  for (const message of [put(name), members]) {
    assert.equal([...reader.push(encodeFrame(message))].length, 1);
  }
  const edgeReader = new MessageReader(edgeMessageSchema);
  for (const message of [join, send]) {
    assert.equal([...edgeReader.push(encodeFrame(message))].length, 1);
  }
});
