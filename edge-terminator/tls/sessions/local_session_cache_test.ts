import assert from "node:assert/strict";
import fc from "fast-check";
import { randomBytes } from "../../../shared/libcrypto/random.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { CipherSuite, NamedGroup, ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { SessionState } from "../tickets/session_state.ts";
import { LocalSessionCache } from "./local_session_cache.ts";

const hour = 3600 * 1000;

function stateOf(fields: Partial<SessionState> = {}): SessionState {
  return {
    version: ProtocolVersion.TLSv1_2,
    cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    group: NamedGroup.x25519,
    issuedAt: 0,
    lifetime: 24 * hour,
    ageAdd: 0,
    extendedMasterSecret: true,
    serverName: "www.holdfast.test",
    epoch: 0,
    clientAuthentication: { policy: new Uint8Array(0) },
    ...fields,
  };
}

interface Stage extends Disposable {
  readonly pool: LockedPool;
  readonly cache: LocalSessionCache;
  readonly clock: { now: number };
  /** Stores a session whose secret is of this byte, and gives the caller's secret back. */
  store(id: Uint8Array, byte: number, state?: SessionState): void;
  /** The byte of the session's secret. */
  find(id: Uint8Array): number | undefined;
}

function stage(capacity: number, blocks = 64): Stage {
  const pool = LockedPool.open({ totalBytes: 64 * blocks });
  const clock = { now: 0 };
  const cache = new LocalSessionCache({ pool, capacity, now: () => clock.now });
  return {
    pool,
    cache,
    clock,
    store(id, byte, state = stateOf()) {
      using secret = pool.rent(48);
      secret.bytes.fill(byte);
      cache.store(id, state, secret, "a domain");
    },
    find(id) {
      const session = cache.find(id);
      using secret: Secret | undefined = session?.secret;
      return secret?.bytes[47];
    },
    [Symbol.dispose]() {
      cache[Symbol.dispose]();
      assert.equal(pool.blocksInUse, 0);
      pool[Symbol.dispose]();
    },
  };
}

Deno.test("S17: the cache owns its copies: what is given and what is found may be returned to the pool", () => {
  using it = stage(4);
  const id = randomBytes(32);
  it.store(id, 7);
  id[31]! ^= 1; // the caller's bytes are the caller's
  assert.equal(it.find(id), undefined);
  id[31]! ^= 1;
  assert.equal(it.find(id), 7);
  assert.equal(it.find(id), 7);
  assert.equal(it.pool.blocksInUse, 1);
  const found = it.cache.find(id)!;
  assert.deepEqual(found.state, stateOf());
  assert.equal(found.domain, "a domain");
  found.secret[Symbol.dispose]();
});

Deno.test("L5, S17: an evicted, expired, removed or replaced session's block is given back, which zeroes it", () => {
  using it = stage(2);
  const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  it.store(first, 1);
  it.store(second, 2);
  it.store(third, 3);
  assert.deepEqual([first, second, third].map(it.find), [undefined, 2, 3]);
  assert.equal(it.pool.blocksInUse, 2);
  it.store(third, 4);
  assert.equal(it.pool.blocksInUse, 2);
  it.cache.remove(second);
  assert.deepEqual([second, third].map(it.find), [undefined, 4]);
  assert.equal(it.pool.blocksInUse, 1);
  it.clock.now = 24 * hour;
  it.cache.expire();
  assert.equal(it.pool.blocksInUse, 0);
});

Deno.test("L4: no session is found after its life, whether anybody expires it or not", () => {
  using it = stage(4);
  const id = randomBytes(32);
  it.store(id, 1);
  it.clock.now = 24 * hour - 1;
  assert.equal(it.find(id), 1);
  it.clock.now = 24 * hour;
  assert.equal(it.find(id), undefined);
  assert.equal(it.pool.blocksInUse, 0);
});

Deno.test("an id that shares its beginning with a session's is no id of it", () => {
  using it = stage(4);
  const id = randomBytes(32);
  it.store(id, 1);
  const other = id.with(31, id[31]! ^ 1);
  assert.equal(it.find(other), undefined);
  it.cache.remove(other);
  for (const length of [0, 8, 31, 33]) {
    const bytes = new Uint8Array(length);
    bytes.set(id.subarray(0, length));
    assert.equal(it.find(bytes), undefined);
    it.store(bytes, 2);
  }
  assert.equal(it.find(new Uint8Array(32)), undefined);
  assert.equal(it.find(id), 1);
  assert.equal(it.cache.size, 1);
});

Deno.test("a pool that is used up makes sessions that are not kept, and no error", () => {
  using it = stage(64, 4);
  const ids = Array.from({ length: 6 }, () => randomBytes(32));
  for (const [index, id] of ids.entries()) {
    if (it.pool.blocksInUse < 4) it.store(id, index);
  }
  assert.equal(it.cache.size, 3);
  using _last = it.pool.rent(1);
  assert.equal(it.find(ids[0]!), undefined);
});

Deno.test("a session whose state is longer than 16 KiB is not kept", () => {
  using it = stage(4);
  const peer = { chain: [new Uint8Array(20_000)], signatureScheme: 0x0403, authenticatedAt: 0 };
  const id = randomBytes(32);
  it.store(id, 1, stateOf({ clientAuthentication: { policy: new Uint8Array(0), peer } }));
  assert.equal(it.cache.size, 0);
});

Deno.test("a capacity that is none is refused", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => new LocalSessionCache({ pool, capacity }), RangeError);
  }
});

Deno.test("whatever is stored, found, removed and aged: never over capacity, never a stranger's secret, no block lost", () => {
  const ids = Array.from({ length: 8 }, () => randomBytes(32));
  const step = fc.record({
    act: fc.constantFrom("store", "find", "remove", "age", "expire"),
    which: fc.nat(7),
    hours: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, capacity) => {
      using it = stage(capacity);
      const stored = new Map<number, { byte: number; at: number }>();
      for (const [index, { act, which, hours }] of steps.entries()) {
        const id = ids[which]!;
        if (act === "store") {
          it.store(id, index, stateOf({ issuedAt: it.clock.now }));
          stored.set(which, { byte: index, at: it.clock.now });
        } else if (act === "remove") {
          it.cache.remove(id);
          stored.delete(which);
        } else if (act === "age") it.clock.now += hours * hour;
        else if (act === "expire") it.cache.expire();
        else {
          const found = it.find(id);
          const expected = stored.get(which);
          if (found !== undefined) assert.equal(found, expected?.byte);
          if (expected !== undefined && it.clock.now >= expected.at + 24 * hour) {
            assert.equal(found, undefined);
          }
        }
        assert(it.cache.size <= capacity);
        assert.equal(it.pool.blocksInUse, it.cache.size);
      }
    }),
  );
});
