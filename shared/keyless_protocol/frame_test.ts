import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolError } from "./errors.ts";
import { encodeFrame, type Frame, frameHeaderLength, FrameReader, maximumBodyLength } from "./frame.ts";

const frames = fc.record({
  id: fc.integer({ min: 0, max: 0xffff_ffff }),
  kind: fc.integer({ min: 0, max: 0xff }),
  body: fc.uint8Array({ maxLength: 300 }),
});

function readAll(reader: FrameReader): Frame[] {
  const read: Frame[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) read.push(frame);
  return read;
}

function plain(frame: Frame): unknown {
  return { id: frame.id, kind: frame.kind, body: [...frame.body] };
}

Deno.test("a frame is length, id, kind and body in network byte order", () => {
  const bytes = encodeFrame({ id: 0x01020304, kind: 0x82, body: new Uint8Array([7, 8]) });
  assert.deepEqual([...bytes], [0, 0, 0, 2, 1, 2, 3, 4, 0x82, 7, 8]);
});

Deno.test("frames come out as they went in, however the stream is cut", () => {
  fc.assert(fc.property(
    fc.array(frames, { maxLength: 8 }),
    fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
    (sent, cuts) => {
      const stream = new Uint8Array(sent.flatMap((frame) => [...encodeFrame(frame)]));
      const reader = new FrameReader();
      const read: Frame[] = [];
      for (let at = 0, i = 0; at < stream.length; at += cuts[i % cuts.length]!, i++) {
        reader.push(stream.subarray(at, at + cuts[i % cuts.length]!));
        read.push(...readAll(reader));
      }
      assert.deepEqual(read.map(plain), sent.map(plain));
      assert.equal(reader.atFrameBoundary, true);
    },
  ));
});

Deno.test("chunks pushed without reading in between are kept", () => {
  const bytes = encodeFrame({ id: 5, kind: 1, body: new Uint8Array(20).fill(9) });
  const reader = new FrameReader();
  for (let i = 0; i < bytes.length; i += 3) reader.push(bytes.subarray(i, i + 3));
  assert.deepEqual(readAll(reader).map((frame) => frame.id), [5]);
});

Deno.test("a stream cut at any byte of a frame gives no frame and is seen as cut", () => {
  const bytes = encodeFrame({ id: 5, kind: 1, body: new Uint8Array(20) });
  for (let length = 1; length < bytes.length; length++) {
    const reader = new FrameReader();
    reader.push(bytes.subarray(0, length));
    assert.equal(reader.next(), undefined);
    assert.equal(reader.atFrameBoundary, false);
  }
});

Deno.test("a body of the bound passes, one byte more is refused by its header alone", () => {
  const reader = new FrameReader();
  reader.push(encodeFrame({ id: 1, kind: 1, body: new Uint8Array(maximumBodyLength) }));
  assert.equal(reader.next()?.body.length, maximumBodyLength);
  const header = new Uint8Array(frameHeaderLength);
  new DataView(header.buffer).setUint32(0, maximumBodyLength + 1);
  for (const cut of [0, 4]) {
    const refusing = new FrameReader();
    if (cut > 0) {
      refusing.push(header.subarray(0, cut));
      assert.equal(refusing.next(), undefined);
    }
    refusing.push(header.subarray(cut));
    assert.throws(() => refusing.next(), ProtocolError);
  }
  assert.throws(
    () => encodeFrame({ id: 1, kind: 1, body: new Uint8Array(maximumBodyLength + 1) }),
    ProtocolError,
  );
});

Deno.test("an id or kind that does not fit its field is not encoded", () => {
  const body = new Uint8Array(0);
  for (const id of [-1, 1.5, NaN, 2 ** 32]) {
    assert.throws(() => encodeFrame({ id, kind: 1, body }), ProtocolError);
  }
  for (const kind of [-1, 0.5, 256]) assert.throws(() => encodeFrame({ id: 1, kind, body }), ProtocolError);
});
