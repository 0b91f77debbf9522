import assert from "node:assert/strict";
import { readRaw } from "../../shared/memory/inspect_memory.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { LocalTicketKeys } from "./local_ticket_keys.ts";
import type { TicketKeySchedule } from "./schedule.ts";
import { keepTicking } from "./ticket_key_source.ts";
import { defaultTicketDomain } from "../tls/tickets/ticket_key_provider.ts";

const second = 1000;
const hour = 3600 * second;

/** Keys, a clock that only the test moves, and a pool that holds nothing else. */
class World implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 64 });
  readonly keys: LocalTicketKeys;
  now = 5_000_000;

  constructor(schedule?: Partial<TicketKeySchedule>) {
    this.keys = new LocalTicketKeys({
      pool: this.pool,
      now: () => this.now,
      ...(schedule === undefined ? {} : { schedule }),
    });
  }

  at(milliseconds: number): this {
    this.now = 5_000_000 + milliseconds;
    return this;
  }

  sealing(): string {
    return this.keys.sealingKey(defaultTicketDomain)!.name.join();
  }

  [Symbol.dispose](): void {
    this.keys[Symbol.dispose]();
    const { blocksInUse } = this.pool;
    this.pool[Symbol.dispose]();
    assert.equal(blocksInUse, 0);
  }
}

Deno.test("L12: a key seals for 12 hours to the second, opens until 36, and is then zeroed", () => {
  using world = new World();
  const { name, secret } = world.keys.sealingKey(defaultTicketDomain)!;
  assert.equal(world.at(12 * hour - second).sealing(), name.join());
  assert.notEqual(world.at(12 * hour).sealing(), name.join());
  assert.equal(world.at(36 * hour - second).keys.openingKey(name, defaultTicketDomain)?.secret, secret);
  world.keys.tick();
  assert(!secret.returned);
  const { address } = secret;
  assert(readsNonZero(address));
  world.at(36 * hour);
  assert.equal(world.keys.openingKey(name, defaultTicketDomain), undefined);
  world.keys.tick();
  assert(secret.returned, "S9: an expired key stays in memory");
  assert.deepEqual(readRaw(address, 32), new Uint8Array(32));
});

Deno.test("S13: a key does not open past its time, even before anybody ticks", () => {
  using world = new World();
  const { name, secret } = world.keys.sealingKey(defaultTicketDomain)!;
  world.at(36 * hour);
  assert.equal(world.keys.openingKey(name, defaultTicketDomain), undefined);
  assert(!secret.returned, "the handshake path zeroes nothing that a handshake may hold");
});

Deno.test("without a connection keys are renewed and zeroed by ticks alone", () => {
  using world = new World();
  world.keys.tick();
  const seen = new Set<string>();
  for (let time = 0; time <= 72 * hour; time += second * 600) {
    world.at(time).keys.tick();
    for (const { name } of world.keys.status()) seen.add(name.join());
    assert(world.pool.blocksInUse <= 3, "36 hours of keys for 12 hours each are three");
  }
  assert.equal(seen.size, 7);
});

Deno.test("S14: with hourly keys of five hours there are five at most, and none opens at 5 h and 1 min", () => {
  using world = new World({ sealsFor: hour, opensFor: 5 * hour });
  const { name } = world.keys.sealingKey(defaultTicketDomain)!;
  for (let time = 0; time < 5 * hour; time += 10 * second) {
    world.at(time).keys.tick();
    assert(world.keys.openingKey(name, defaultTicketDomain) !== undefined);
    assert(world.pool.blocksInUse <= 5);
  }
  world.at(5 * hour + 60 * second).keys.tick();
  assert.equal(world.keys.openingKey(name, defaultTicketDomain), undefined);
  assert.equal(world.keys.status().length, 5);
});

Deno.test("a new key waits for its activation while the one before seals on", () => {
  using world = new World({ activationDelay: 5 * second });
  const first = world.sealing();
  world.at(12 * hour).keys.tick();
  assert.deepEqual(world.keys.status().map(({ state }) => state), ["waiting", "sealing"]);
  assert.equal(world.at(12 * hour + 4999).sealing(), first);
  assert.notEqual(world.at(12 * hour + 5000).sealing(), first);
});

Deno.test("after a long sleep the first connection gets a new key at once", () => {
  using world = new World({ activationDelay: 5 * second });
  const first = world.sealing();
  assert.notEqual(world.at(100 * hour).sealing(), first);
});

Deno.test("S3, S4: two processes never have a name or a key in common", () => {
  using one = new World();
  using other = new World();
  const ours = one.keys.sealingKey(defaultTicketDomain)!;
  const theirs = other.keys.sealingKey(defaultTicketDomain)!;
  assert.notDeepEqual(ours.name, theirs.name);
  assert.notDeepEqual(ours.secret.bytes, theirs.secret.bytes);
  assert.equal(other.keys.openingKey(ours.name, defaultTicketDomain), undefined);
});

Deno.test("while the pool is full there are no new tickets, and no handshake fails", () => {
  using world = new World();
  const rented = Array.from({ length: world.pool.blockCount }, () => world.pool.rent(1));
  assert.equal(world.keys.sealingKey(defaultTicketDomain), undefined);
  world.keys.tick();
  for (const secret of rented) secret[Symbol.dispose]();
  assert(world.keys.sealingKey(defaultTicketDomain) !== undefined);
});

Deno.test("a kept source ticks by itself until it is let go", async () => {
  let ticks = 0;
  {
    const { promise, resolve } = Promise.withResolvers<void>();
    // The timer keeps no process alive, a test neither.
    const awake = setTimeout(() => {}, 60_000);
    using _ticking = keepTicking({
      tick: () => {
        ticks++;
        resolve();
      },
    });
    await promise;
    clearTimeout(awake);
  }
  assert(ticks >= 1);
});

function readsNonZero(address: number): boolean {
  return readRaw(address, 32).some((byte) => byte !== 0);
}
