/**
 * What every provider of ticket keys must do, whoever wrote it (L11): one suite, run for each.
 *
 *    ticketKeyConformance("keys of my own", () => new MyProviderUnderTest());
 */
import assert from "node:assert/strict";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { openTicket, sealTicket } from "../../tls/tickets/ticket.ts";
import type { SessionState } from "../../tls/tickets/session_state.ts";
import type { TicketKeyProvider } from "../../tls/tickets/ticket_key_provider.ts";
import { defaultTicketDomain } from "../../tls/tickets/ticket_key_provider.ts";

/** A provider, and the means to let its keys age. */
export interface ProviderUnderTest extends Disposable {
  /** Where the keys live; holds nothing else. */
  readonly pool: LockedPool;
  readonly keys: TicketKeyProvider;
  /** Has new tickets sealed under another key; the old one still opens. */
  renew(): void;
  /** Ends the life of every key but the newest two. */
  retire(): void;
}

/** Of a session that could be anybody's. */
export const ticketState: SessionState = {
  version: 0x0304,
  cipherSuite: 0x1301,
  group: 0x001d,
  issuedAt: 1_000_000,
  lifetime: 3600_000,
  ageAdd: 7,
  extendedMasterSecret: true,
  serverName: "www.holdfast.test",
  epoch: 0,
  clientAuthentication: { policy: new Uint8Array(0) },
};
const secretLength = 32;

/** Registers the suite's tests. */
export function ticketKeyConformance(name: string, open: () => ProviderUnderTest): void {
  const test = (claim: string, run: (provider: ProviderUnderTest) => void) =>
    Deno.test(`L11: ${name}: ${claim}`, () => {
      const provider = open();
      const { pool } = provider;
      try {
        run(provider);
      } finally {
        provider[Symbol.dispose]();
      }
      const { blocksInUse } = pool;
      pool[Symbol.dispose]();
      assert.equal(blocksInUse, 0, "the provider keeps blocks of the pool");
    });

  test("S4: a key has a name of 16 bytes, and 32 bytes of its own that are not zero", ({ keys }) => {
    const key = keys.sealingKey(defaultTicketDomain);
    assert(key !== undefined);
    assert.equal(key.name.length, 16);
    assert.equal(key.secret.length, 32);
    assert(new Set(key.secret.bytes).size > 8, "no random key looks like this");
  });

  test("S13: the same key seals however often it is asked for", ({ keys, pool }) => {
    const first = keys.sealingKey(defaultTicketDomain);
    const blocks = pool.blocksInUse;
    for (let count = 0; count < 10_000; count++) {
      assert.equal(keys.sealingKey(defaultTicketDomain)?.name, first?.name);
    }
    assert.equal(pool.blocksInUse, blocks);
  });

  test("S10: a key is found by its whole name, and by nothing else", ({ keys }) => {
    const { name, secret } = keys.sealingKey(defaultTicketDomain)!;
    assert.equal(keys.openingKey(name.slice(), defaultTicketDomain)?.secret, secret);
    for (let bit = 0; bit < 128; bit++) {
      const other = name.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(keys.openingKey(other, defaultTicketDomain), undefined, `found with bit ${bit} flipped`);
    }
    for (const other of [name.subarray(0, 15), new Uint8Array(0), Uint8Array.of(...name, 0)]) {
      assert.equal(keys.openingKey(other, defaultTicketDomain), undefined, `found by ${other.length} bytes`);
    }
  });

  test("L7: a ticket opens, and with any byte flipped it does not", ({ keys, pool }) => {
    const ticket = sealed(pool, keys);
    assert(opens(pool, keys, ticket));
    for (let index = 0; index < ticket.length; index++) {
      const other = ticket.slice();
      other[index]! ^= 0x40;
      assert(!opens(pool, keys, other), `it opens with byte ${index} flipped`);
    }
  });

  test("S12: after a renewal tickets bear another name, and the old ones open", (provider) => {
    const { keys, pool } = provider;
    const before = sealed(pool, keys);
    provider.renew();
    const after = sealed(pool, keys);
    assert.notDeepEqual(after.subarray(0, 16), before.subarray(0, 16));
    assert.notDeepEqual(
      keys.sealingKey(defaultTicketDomain)!.secret.bytes,
      keys.openingKey(before.subarray(0, 16), defaultTicketDomain)!.secret.bytes,
    );
    assert(opens(pool, keys, before));
    assert(opens(pool, keys, after));
  });

  test("S9: a retired key opens nothing and is gone from the pool", (provider) => {
    const { keys, pool } = provider;
    const before = sealed(pool, keys);
    const { secret } = keys.sealingKey(defaultTicketDomain)!;
    provider.renew();
    provider.renew();
    provider.retire();
    assert(!opens(pool, keys, before));
    assert(secret.returned);
    assert(opens(pool, keys, sealed(pool, keys)), "the newest key went too");
  });
}

function sealed(pool: LockedPool, keys: TicketKeyProvider): Uint8Array {
  using secret = pool.rent(secretLength);
  secret.bytes.fill(5);
  const ticket = sealTicket(keys, defaultTicketDomain, ticketState, secret);
  assert(ticket !== undefined);
  return ticket;
}

function opens(pool: LockedPool, keys: TicketKeyProvider, ticket: Uint8Array): boolean {
  const session = openTicket(pool, keys, defaultTicketDomain, ticket, secretLength);
  if (session === undefined) return false;
  assert.deepEqual(session.state.serverName, ticketState.serverName);
  assert(session.secret.bytes.every((byte) => byte === 5));
  session.secret[Symbol.dispose]();
  return true;
}
