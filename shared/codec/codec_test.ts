import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { DecodeError, EncodeError } from "./errors.ts";
import { bytesFromLatin1, latin1FromBytes } from "./latin1.ts";

const numberWidths = { u8: 1, u16: 2, u24: 3, u32: 4 } as const;

Deno.test("a number of each width comes back as written, big-endian", () => {
  for (const [name, width] of Object.entries(numberWidths) as [keyof typeof numberWidths, number][]) {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** (8 * width) - 1 }), (value) => {
      const writer = new ByteWriter(1);
      writer[name](value);
      const bytes = writer.finish();
      assert.equal(bytes.length, width);
      assert.equal(BigInt(value), BigInt(`0x${bytes.toHex()}`));
      assert.equal(new ByteReader(bytes)[name](), value);
    }));
  }
});

Deno.test("a 64-bit number comes back as written", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
    const writer = new ByteWriter();
    writer.u64(value);
    assert.equal(new ByteReader(writer.finish()).u64(), value);
  }));
});

Deno.test("vectors of each width come back as written, nested ones too", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (content) => {
    const writer = new ByteWriter(0);
    writer.vector24((outer) => {
      outer.vector16((inner) => inner.vector8(content));
      outer.u8(7);
    });
    const reader = new ByteReader(writer.finish());
    const outer = reader.nested24();
    const inner = outer.nested16();
    assert.deepEqual(inner.vector8(), content);
    inner.end();
    assert.equal(outer.u8(), 7);
    outer.end();
    reader.end();
  }));
});

Deno.test("a list of two-byte numbers comes back as written and an odd length is refused", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 }), (values) => {
    const writer = new ByteWriter();
    writer.u16Vector16(values);
    assert.deepEqual(new ByteReader(writer.finish()).u16Vector16(), values);
  }));
  assert.throws(() => new ByteReader(Uint8Array.of(0, 3, 1, 2, 3)).u16Vector16(), DecodeError);
});

Deno.test("reading past the end is refused with DecodeError, whatever is read", () => {
  const reads: [string, (reader: ByteReader) => unknown, Uint8Array][] = [
    ["u8", (r) => r.u8(), Uint8Array.of()],
    ["u16", (r) => r.u16(), Uint8Array.of(1)],
    ["u24", (r) => r.u24(), Uint8Array.of(1, 2)],
    ["u32", (r) => r.u32(), Uint8Array.of(1, 2, 3)],
    ["u64", (r) => r.u64(), Uint8Array.of(1, 2, 3, 4, 5, 6, 7)],
    ["bytes", (r) => r.bytes(2), Uint8Array.of(1)],
    ["vector8", (r) => r.vector8(), Uint8Array.of(2, 1)],
    ["vector16", (r) => r.vector16(), Uint8Array.of(0, 2, 1)],
    ["vector24", (r) => r.vector24(), Uint8Array.of(0, 0, 2, 1)],
    ["nested16", (r) => r.nested16(), Uint8Array.of(0, 2, 1)],
  ];
  for (const [name, read, bytes] of reads) {
    assert.throws(() => read(new ByteReader(bytes, name)), (error) => {
      assert.ok(error instanceof DecodeError);
      assert.match(error.message, new RegExp(`^Cannot read ${name}: `));
      return true;
    });
  }
});

Deno.test("a nested reader cannot see past its vector", () => {
  const reader = new ByteReader(Uint8Array.of(1, 0xaa, 0xbb)).nested8();
  assert.equal(reader.u8(), 0xaa);
  assert.throws(() => reader.u8(), DecodeError);
});

Deno.test("a vector outside its floor and ceiling is refused", () => {
  assert.throws(() => new ByteReader(Uint8Array.of(0)).vector8(1), DecodeError);
  assert.throws(() => new ByteReader(Uint8Array.of(0, 0)).nested16(2), DecodeError);
  assert.throws(() => new ByteReader(Uint8Array.of(3, 1, 2, 3)).vector8(0, 2), DecodeError);
});

Deno.test("bytes left over are refused by end", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2));
  reader.u8();
  assert.throws(() => reader.end(), /1 bytes are left over/);
});

Deno.test("what is read is a view onto the buffer, not a copy", () => {
  const bytes = Uint8Array.of(2, 1, 1);
  const view = new ByteReader(bytes).vector8();
  bytes[1] = 9;
  assert.deepEqual(view, Uint8Array.of(9, 1));
});

Deno.test("a number or vector that its field cannot hold is refused with EncodeError", () => {
  const writer = new ByteWriter();
  for (const value of [-1, 256, 1.5, NaN]) assert.throws(() => writer.u8(value), EncodeError);
  assert.throws(() => writer.u32(2 ** 32), EncodeError);
  assert.throws(() => writer.u64(2n ** 64n), EncodeError);
  assert.throws(() => writer.u64(-1n), EncodeError);
  assert.throws(() => writer.u8Vector8([256]), EncodeError);
  assert.throws(() => writer.u16Vector8(new Array(128).fill(0)), EncodeError);
  assert.throws(() => writer.vector8(new Uint8Array(256)), EncodeError);
  assert.throws(() => writer.vector16(new Uint8Array(65536)), EncodeError);
});

Deno.test("any bytes come back from their Latin-1 string, and a wider character is refused", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(bytesFromLatin1(latin1FromBytes(bytes)), bytes);
  }));
  assert.throws(() => bytesFromLatin1("h\u0100"), EncodeError);
});
