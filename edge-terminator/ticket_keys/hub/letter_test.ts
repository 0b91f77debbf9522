import assert from "node:assert/strict";
import { EphemeralKeyPair } from "../../../shared/libcrypto/key_agreement.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { makeAgingKey, never } from "../aging_key.ts";
import { LetterError } from "../errors.ts";
import { defaultSchedule } from "../schedule.ts";
import { openLetter, sealLetter } from "./letter.ts";

const path = { from: "0a".repeat(16), to: "0b".repeat(16) };
const clocks = { now: 60_000, wall: 1_700_000_000_000 };

function world() {
  const pool = LockedPool.open({ totalBytes: 64 * 64 });
  const [sender, recipient, stranger] = Array.from(
    { length: 3 },
    () => EphemeralKeyPair.generate("x25519"),
  ) as [EphemeralKeyPair, EphemeralKeyPair, EphemeralKeyPair];
  const keys = [0, 1].map((epoch) =>
    makeAgingKey(pool, defaultSchedule, 0, { domain: "a.test", epoch, sealsIn: never })!
  );
  const holds = [new Uint8Array(16).fill(1)];
  const seal = (serial = 5) =>
    sealLetter(
      pool,
      { sender, recipientPublicKey: recipient.publicKey, path, serial },
      { keys, holds },
      clocks,
    );
  const open = (body: Uint8Array, changes: Partial<Parameters<typeof openLetter>[1]> = {}, at = clocks) =>
    openLetter(pool, { recipient, senderPublicKey: sender.publicKey, path, after: 0, ...changes }, body, at);
  return {
    ...{ pool, sender, recipient, stranger, keys, holds, seal, open },
    [Symbol.dispose]() {
      for (const pair of [sender, recipient, stranger]) pair[Symbol.dispose]();
      for (const { secret } of keys) secret[Symbol.dispose]();
      assert.equal(pool.blocksInUse, 0);
      pool[Symbol.dispose]();
    },
  };
}

Deno.test("a letter brings its keys with their ages, for opening only, as the sender's", () => {
  using w = world();
  const { serial, keys, holds } = w.open(w.seal());
  assert.equal(serial, 5);
  assert.deepEqual(holds, w.holds);
  for (const [index, { secret, ...key }] of keys.entries()) {
    const own = w.keys[index]!;
    assert.deepEqual(secret.bytes.slice(), own.secret.bytes.slice());
    assert.deepEqual(key, {
      name: own.name,
      domain: "a.test",
      epoch: index,
      origin: path.from,
      madeAt: 0,
      sealsFrom: never,
      sealsUntil: own.sealsUntil,
      opensUntil: own.opensUntil,
    });
    secret[Symbol.dispose]();
  }
});

Deno.test("a letter without keys is bound to its sender and serial all the same", () => {
  using w = world();
  const how = { sender: w.sender, recipientPublicKey: w.recipient.publicKey, path, serial: 1 };
  const body = sealLetter(w.pool, how, { keys: [], holds: w.holds }, clocks);
  assert.deepEqual(w.open(body).holds, w.holds);
  for (let index = 0; index < body.length; index++) {
    const changed = body.with(index, body[index]! ^ 1);
    assert.throws(() => w.open(changed), LetterError, `byte ${index}`);
  }
});

Deno.test("S18: a letter that is changed, cut, repeated, redirected, or another's opens for nobody, and leaves nothing", () => {
  using w = world();
  const body = w.seal();
  const blocks = w.pool.blocksInUse;
  for (let index = 0; index < body.length; index++) {
    const changed = body.with(index, body[index]! ^ 0x10);
    assert.throws(() => w.open(changed), LetterError, `byte ${index}`);
    assert.throws(() => w.open(body.subarray(0, index)), LetterError, `cut at ${index}`);
  }
  const wrong: Parameters<typeof w.open>[1][] = [
    { after: 5 },
    { path: { ...path, from: "0c".repeat(16) } },
    { path: { ...path, to: "0c".repeat(16) } },
    { path: { from: path.to, to: path.from } },
    { recipient: w.stranger },
    { senderPublicKey: w.stranger.publicKey },
    { senderPublicKey: new Uint8Array(32) },
  ];
  for (const changes of wrong) assert.throws(() => w.open(body, changes), LetterError);
  assert.throws(() => w.open(Uint8Array.of(...body, 0)), LetterError);
  assert.equal(w.pool.blocksInUse, blocks);
});

Deno.test("who delays a letter lengthens no key's life", () => {
  using w = world();
  const body = w.seal();
  const delay = 3600_000;
  const { keys } = w.open(body, {}, { now: clocks.now + delay, wall: clocks.wall + delay });
  for (const { madeAt, secret } of keys) {
    assert.equal(madeAt, 0);
    secret[Symbol.dispose]();
  }
});

Deno.test("a clock behind the sender's makes no key younger than it was told to be", () => {
  using w = world();
  const { keys } = w.open(w.seal(), {}, { ...clocks, wall: clocks.wall - 3600_000 });
  for (const { madeAt, secret } of keys) {
    assert.equal(madeAt, 0);
    secret[Symbol.dispose]();
  }
});

Deno.test("L7: no letter contains a key", () => {
  using w = world();
  const text = w.seal().toHex();
  for (const { secret } of w.keys) {
    const start = secret.bytes.slice(0, 8).toHex();
    assert(!text.includes(start));
  }
});
