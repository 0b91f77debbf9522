import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { type AgingKey, makeAgingKey } from "../aging_key.ts";
import { SiblingMessageError } from "../errors.ts";
import { defaultSchedule } from "../schedule.ts";
import { MailboxKey } from "./mailbox_key.ts";
import { openKeys, sealKeys } from "./sealed_keys.ts";

const hour = 3600_000;
const passage = { from: 1, to: 2, serial: 1 };
const expected = { from: 1, to: 2, after: 0 };

/** A pool, one key made at 0, and a mailbox of the same age. */
function world() {
  const pool = LockedPool.open({ totalBytes: 64 * 32 });
  const key = makeAgingKey(pool, defaultSchedule, 0, { domain: "a.test", epoch: 3, sealsIn: 0 })!;
  return { pool, key, mailbox: new MailboxKey(0) };
}

function dispose(keys: readonly AgingKey[]): void {
  for (const { secret } of keys) secret[Symbol.dispose]();
}

Deno.test("a key arrives with its name, its secret and its times, on whatever clock the receiver has", () => {
  const { pool, key, mailbox } = world();
  const message = sealKeys(pool, mailbox.publicKey, passage, [key], hour);
  const { serial, keys } = openKeys(pool, mailbox.keyPairs[0]!, expected, message, 500 * hour);
  assert.equal(serial, 1);
  assert.equal(keys.length, 1);
  assert.deepEqual(keys[0]!.name, key.name);
  assert.deepEqual(keys[0]!.secret.bytes, key.secret.bytes);
  assert.equal(keys[0]!.madeAt, 499 * hour);
  assert.equal(keys[0]!.sealsFrom, 499 * hour);
  assert.equal(keys[0]!.sealsUntil, 511 * hour + 5000);
  assert.equal(keys[0]!.opensUntil, 535 * hour);
  dispose(keys);
  mailbox[Symbol.dispose]();
  pool[Symbol.dispose]();
});

Deno.test("a message sealed to an old mailbox key opens while it may be under way, and never again", () => {
  const { pool, key, mailbox } = world();
  const opens = (message: Uint8Array) =>
    mailbox.keyPairs.some((keyPair) => {
      try {
        dispose(openKeys(pool, keyPair, expected, message, 0).keys);
        return true;
      } catch (error) {
        assert(error instanceof SiblingMessageError);
        return false;
      }
    });
  const message = sealKeys(pool, mailbox.publicKey, passage, [key], 0);
  assert(!mailbox.renew(12 * hour - 1, 12 * hour));
  assert(mailbox.renew(12 * hour, 12 * hour));
  assert(opens(message));
  mailbox.renew(12 * hour + 59_999, 12 * hour);
  assert(opens(message));
  mailbox.renew(12 * hour + 60_000, 12 * hour);
  assert(!opens(message));
  assert(opens(sealKeys(pool, mailbox.publicKey, passage, [key], 0)));
  mailbox[Symbol.dispose]();
  assert.equal(pool.blocksInUse, 1);
  pool[Symbol.dispose]();
});

Deno.test("a public key that is none is refused, and nothing is left rented", () => {
  const { pool, key, mailbox } = world();
  for (const publicKey of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(0)]) {
    assert.throws(() => sealKeys(pool, publicKey, passage, [key], 0), { code: "key-agreement" });
  }
  assert.equal(pool.blocksInUse, 1);
  mailbox[Symbol.dispose]();
  pool[Symbol.dispose]();
});

Deno.test("a message without keys is refused: nobody could tell who made it, and its serial would hide later ones", () => {
  const { pool, mailbox } = world();
  const empty = sealKeys(pool, mailbox.publicKey, { ...passage, serial: 1000 }, [], 0);
  assert.throws(
    () => openKeys(pool, mailbox.keyPairs[0]!, expected, empty, 0),
    (error) => error instanceof SiblingMessageError && /no keys/.test(error.message),
  );
  mailbox[Symbol.dispose]();
  pool[Symbol.dispose]();
});
