import assert from "node:assert/strict";
import { Reassembler } from "./reassembler.ts";

/** One byte of length, then as many bytes; 100 at most. */
function counted(): Reassembler {
  return new Reassembler(1, (header) => {
    if (header[0]! > 100) throw new RangeError("too long");
    return 1 + header[0]!;
  });
}

Deno.test("a message that lies whole in a chunk is a view onto it, one that was spread has its own buffer", () => {
  const reassembler = counted();
  const chunk = new Uint8Array([2, 7, 8, 3, 1]);
  reassembler.push(chunk);
  const whole = reassembler.next()!;
  assert.deepEqual([...whole], [2, 7, 8]);
  assert.equal(whole.buffer, chunk.buffer);
  assert.equal(reassembler.next(), undefined);
  assert.equal(reassembler.isEmpty, false);
  chunk.fill(0);
  reassembler.push(new Uint8Array([2, 3]));
  assert.deepEqual([...reassembler.next()!], [3, 1, 2, 3]);
  assert.equal(reassembler.isEmpty, true);
});

Deno.test("what waits to be taken is safe from changes once it is settled", () => {
  const reassembler = counted();
  const chunk = new Uint8Array([1, 5, 1, 6]);
  reassembler.push(chunk);
  reassembler.settle();
  chunk.fill(0);
  assert.deepEqual([...reassembler.next()!, ...reassembler.next()!], [1, 5, 1, 6]);
});

Deno.test("a length above the bound is refused by its header alone", () => {
  const reassembler = counted();
  reassembler.push(new Uint8Array([101]));
  assert.throws(() => reassembler.next(), RangeError);
});
