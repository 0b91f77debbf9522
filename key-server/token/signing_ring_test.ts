import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import pkcs11js from "pkcs11js";
import { ringLength, RingScratch, SigningRing } from "./signing_ring.ts";

const parameter = { type: pkcs11js.CK_PARAMS_RSA_PSS, hashAlg: 1, mgf: 2, saltLen: 32 };
const mechanism = { mechanism: pkcs11js.CKM_RSA_PKCS_PSS, parameter };
const cost = { wall: 620, cpu: 610 };

function jobOf(byte: number) {
  const data = new Uint8Array(32).fill(byte);
  const [session, key] = [Buffer.alloc(8, byte), Buffer.alloc(8, byte + 1)];
  return { session, key, input: { mechanism, data }, timed: byte % 2 === 1 };
}

/** The other thread's part, by the same memory. */
function answer(memory: SharedArrayBuffer, number: number) {
  const other = new SigningRing(memory);
  const job = other.job(number, new RingScratch());
  other.finish(number, { failed: false, output: job.input.data.map((byte) => byte + 1), cost });
  other.tell();
  return job;
}

Deno.test("a job comes out of the ring as it was put, and its outcome likewise, beyond 2^31 too", async () => {
  const ring = new SigningRing();
  // Atomics.waitAsync keeps no event loop going by itself; in the key server sockets and threads do.
  const alive = setInterval(() => {}, 1000);
  using _ = { [Symbol.dispose]: () => clearInterval(alive) };
  // As after as many signatures: the control words have come round.
  new Int32Array(ring.memory, 0, 2).fill(2 ** 31 - 3);
  for (let count = 0; count < 2 * ringLength; count++) {
    const number = 2 ** 31 - 3 + count | 0;
    const job = jobOf(count);
    ring.put(number, job);
    assert.equal(ring.isDone(number), false);
    const done = ring.whenDone(number);
    const seen = answer(ring.memory, number);
    assert.deepEqual([seen.session, seen.key, seen.timed], [job.session, job.key, job.timed]);
    assert.deepEqual(seen.input.mechanism, mechanism);
    assert.deepEqual(new Uint8Array(seen.input.data), job.input.data);
    await done;
    assert.deepEqual(ring.outcome(number), { failed: false, output: job.input.data.map((b) => b + 1), cost });
  }
});

Deno.test("as many jobs as the ring has places keep apart", () => {
  const ring = new SigningRing();
  for (let number = 0; number < ringLength; number++) ring.put(number, jobOf(number));
  assert.equal(new SigningRing(ring.memory).putAfter(-1), ringLength);
  for (let number = 0; number < ringLength; number++) answer(ring.memory, number);
  for (let number = 0; number < ringLength; number++) {
    assert.deepEqual(ring.outcome(number).output, new Uint8Array(32).fill(number + 1));
  }
});

Deno.test("a mechanism without parameters has none after one with them, and a stop ends the wait for a job", () => {
  const ring = new SigningRing();
  ring.put(0, jobOf(1));
  ring.put(ringLength, { ...jobOf(2), input: { mechanism: { mechanism: 1 }, data: new Uint8Array(0) } });
  const { input } = new SigningRing(ring.memory).job(ringLength, new RingScratch());
  assert.deepEqual([input.mechanism, input.data.length], [{ mechanism: 1 }, 0]);
  ring.stop();
  assert.equal(new SigningRing(ring.memory).await(ringLength + 1), false);
});

Deno.test("an input that no place can hold is refused before anything is put", () => {
  const ring = new SigningRing();
  const input = { mechanism, data: new Uint8Array(1025) };
  assert.throws(() => ring.put(0, { ...jobOf(1), input }), RangeError);
  assert.equal(ring.putAfter(-1), 0);
});
