import assert from "node:assert/strict";
import { pageSize } from "./locked_mapping.ts";
import { closeDescriptor, memfdSecret } from "../libc/bindings.ts";
import { LockedPool, type LockedPoolOptions, type PoolBacking } from "./locked_pool.ts";
import {
  ForeignSecretError,
  InvalidPoolOptionError,
  PoolDisposedError,
  PoolExhaustedError,
  SecretHeldError,
  SecretLengthError,
  SecretReturnedError,
} from "./errors.ts";
import { mappingAt, readRaw } from "./inspect_memory.ts";

const page = pageSize();

/** Runs a test on both backings; on secretmem only where the kernel has it. */
function testOnBoth(claim: (backing: string) => string, test: (backing: PoolBacking) => void): void {
  const descriptor = memfdSecret();
  if (descriptor >= 0) closeDescriptor(descriptor);
  const reason = descriptor >= 0 ? "" : " (skipped: this kernel has no memfd_secret)";
  Deno.test({ name: claim("secretmem") + reason, ignore: reason !== "", fn: () => test("secretmem") });
  Deno.test(claim("mlock"), () => test("mlock"));
}

testOnBoth(
  (backing) => `L19: every page of a ${backing} pool is resident and locked between two guard pages`,
  (backing) => {
    using pool = LockedPool.open({ totalBytes: 64 * page, backing });
    const mapping = mappingAt(pool.address);
    assert.equal(mapping.start, pool.address);
    assert.equal(mapping.length, pool.mappedBytes);
    assert.equal(mapping.kilobytes("Rss") * 1024, pool.mappedBytes);
    assert.equal(mapping.kilobytes("Locked") * 1024, pool.mappedBytes);
    assert.equal(mapping.path.includes("secretmem"), backing === "secretmem");
    assert.ok(mapping.flags.includes("dc"), "not copied on fork");
    assert.ok(mapping.flags.includes("dd"), "not in a core dump");
    assert.match(mappingAt(pool.address - 1).permissions, /^---/);
    assert.match(mappingAt(pool.address + pool.mappedBytes).permissions, /^---/);
  },
);

testOnBoth(
  (backing) => `L27: a returned block of a ${backing} pool reads all zero through a raw pointer`,
  (backing) => {
    using pool = LockedPool.open({ totalBytes: page, backing });
    const secret = pool.rent(48);
    secret.bytes.fill(0xa5);
    const address = secret.address;
    assert.deepEqual(readRaw(address, 48), new Uint8Array(48).fill(0xa5));
    secret[Symbol.dispose]();
    assert.deepEqual(readRaw(address, pool.blockSize), new Uint8Array(pool.blockSize));
  },
);

testOnBoth(
  (backing) => `L28: disposing a ${backing} pool cuts off every view, unmaps and refuses later use`,
  (backing) => {
    const pool = LockedPool.open({ totalBytes: page, backing });
    const { address } = pool;
    const secret = pool.rent(32);
    const view = secret.bytes.fill(7);
    pool[Symbol.dispose]();
    assert.equal(view.length, 0);
    assert.throws(() => view.fill(0), TypeError);
    assert.throws(() => mappingAt(address), /nothing is mapped/);
    assert.throws(() => secret.bytes, SecretReturnedError);
    assert.throws(() => secret.address, SecretReturnedError);
    assert.throws(() => secret[Symbol.dispose](), PoolDisposedError);
    assert.throws(() => pool.rent(1), PoolDisposedError);
    assert.throws(() => pool.address, PoolDisposedError);
    pool[Symbol.dispose]();
  },
);

testOnBoth(
  (backing) => `L17: the secrets of a ${backing} pool lie inside its locked mapping and nowhere else`,
  (backing) => {
    using pool = LockedPool.open({ totalBytes: 2 * page, backing });
    for (let index = 0; index < pool.blockCount; index++) {
      const secret = pool.rent(pool.blockSize);
      assert.ok(secret.address >= pool.address);
      assert.ok(secret.address + pool.blockSize <= pool.address + pool.mappedBytes);
      secret.bytes.fill(index); // the view is the block itself, not a copy
      assert.equal(readRaw(secret.address + pool.blockSize - 1, 1)[0], index % 256);
    }
  },
);

Deno.test("L28: disposing a pool zeroes it before it unmaps", () => {
  const pool = LockedPool.open({ totalBytes: page, backing: "mlock" });
  pool.rent(32).bytes.fill(0x5a);
  // The whole mapping is zeroed through one view; what it holds when that view is cut off is what unmap sees.
  const seen: number[] = [];
  const transfer = ArrayBuffer.prototype.transfer;
  ArrayBuffer.prototype.transfer = function (this: ArrayBuffer, length?: number) {
    if (this.byteLength === page) seen.push(...new Uint8Array(this));
    return transfer.call(this, length);
  };
  try {
    pool[Symbol.dispose]();
  } finally {
    ArrayBuffer.prototype.transfer = transfer;
  }
  assert.deepEqual(seen, new Array(page).fill(0));
});

const unusable = [0, -1, NaN, 1.5, Infinity, 2 ** 53, 2 ** 60];
for (const parameter of ["blockSize", "totalBytes"] as const) {
  for (const value of unusable) {
    Deno.test(`L21: a ${parameter} of ${value} is refused by name`, () => {
      const options: LockedPoolOptions = { totalBytes: page, [parameter]: value };
      assert.throws(
        () => LockedPool.open(options),
        (error) => error instanceof InvalidPoolOptionError && error.parameter === parameter,
      );
    });
  }
}

Deno.test("L21: a block larger than the pool is refused, naming blockSize", () => {
  assert.throws(
    () => LockedPool.open({ totalBytes: 64, blockSize: 65 }),
    (error) => error instanceof InvalidPoolOptionError && error.parameter === "blockSize",
  );
});

for (
  const [totalBytes, blockSize] of [[1, 1], [100, 64], [page, 48], [page + 1, 64], [3 * page, page]] as const
) {
  Deno.test(`L22: ${totalBytes} bytes in blocks of ${blockSize} are whole pages and floor(total / size) blocks`, () => {
    using pool = LockedPool.open({ totalBytes, blockSize });
    assert.equal(pool.mappedBytes, Math.ceil(totalBytes / page) * page);
    assert.equal(pool.blockCount, Math.floor(totalBytes / blockSize));
    const addresses = Array.from({ length: pool.blockCount }, () => pool.rent(1).address);
    assert.equal(new Set(addresses).size, pool.blockCount);
    assert.ok(Math.max(...addresses) + blockSize <= pool.address + pool.mappedBytes);
  });
}

Deno.test("L25: renting from an empty pool and renting more than a block raise typed errors", () => {
  using pool = LockedPool.open({ totalBytes: 128 });
  for (const length of [65, 0, -1, NaN, 1.5]) assert.throws(() => pool.rent(length), SecretLengthError);
  const first = pool.rent(64);
  pool.rent(1);
  assert.equal(pool.blocksInUse, 2);
  assert.throws(() => pool.rent(1), PoolExhaustedError);
  first[Symbol.dispose]();
  assert.equal(pool.blocksInUse, 1);
  pool.rent(1);
});

Deno.test("L26: returning a foreign secret or one not rented throws", () => {
  using pool = LockedPool.open({ totalBytes: page });
  using other = LockedPool.open({ totalBytes: page });
  using foreign = other.rent(8);
  using _neighbour = pool.rent(8); // the same block index in the other pool
  assert.throws(() => pool.giveBack(foreign), ForeignSecretError);
  const secret = pool.rent(8);
  secret[Symbol.dispose]();
  assert.throws(() => secret[Symbol.dispose](), SecretReturnedError);
  using _next = pool.rent(8); // the same block again
  assert.throws(() => pool.giveBack(secret), SecretReturnedError);
  assert.equal(pool.blocksInUse, 2);
});

Deno.test("L28: a view kept from before a return is cut off and never shows the next secret", () => {
  using pool = LockedPool.open({ totalBytes: page });
  const first = pool.rent(16);
  const view = first.bytes;
  const part = view.subarray(4, 8);
  const { address } = first;
  first[Symbol.dispose]();
  using second = pool.rent(16);
  assert.equal(second.address, address);
  second.bytes.fill(9);
  assert.equal(view[0], undefined);
  assert.equal(part[0], undefined);
  assert.throws(() => view.set([1]), TypeError);
  assert.throws(() => part.fill(1), TypeError);
  assert.throws(() => first.bytes, SecretReturnedError);
  assert.throws(() => first.reveal("to see it fail"), SecretReturnedError);
  assert.throws(() => first.hold(), SecretReturnedError);
});

Deno.test("a block under input or output cannot be returned, nor its pool be disposed", () => {
  using pool = LockedPool.open({ totalBytes: page });
  const secret = pool.rent(16);
  const hold = secret.hold();
  const second = secret.hold();
  assert.throws(() => secret[Symbol.dispose](), SecretHeldError);
  assert.throws(() => pool[Symbol.dispose](), SecretHeldError);
  hold[Symbol.dispose]();
  hold[Symbol.dispose](); // letting go twice counts once
  assert.throws(() => secret[Symbol.dispose](), SecretHeldError);
  second[Symbol.dispose]();
  secret[Symbol.dispose]();
  assert.equal(pool.blocksInUse, 0);
});

Deno.test("a rented block is zero although the last renter filled it", () => {
  using pool = LockedPool.open({ totalBytes: 64 });
  pool.rent(64).bytes.fill(1);
  assert.throws(() => pool.rent(1), PoolExhaustedError);
  using fresh = LockedPool.open({ totalBytes: 64 });
  {
    using used = fresh.rent(64);
    used.bytes.fill(1);
  }
  using again = fresh.rent(64);
  assert.deepEqual([...again.bytes], new Array(64).fill(0));
});

Deno.test("a secret says its length and nothing else in text, JSON and inspection", () => {
  using pool = LockedPool.open({ totalBytes: 64 });
  using secret = pool.rent(4);
  secret.bytes.set([222, 173, 190, 239]);
  for (
    const text of [`${secret}`, JSON.stringify({ secret }), Deno.inspect(secret), Deno.inspect({ secret })]
  ) {
    assert.match(text, /Secret of 4 bytes/);
    assert.doesNotMatch(text, /222|173|de,?ad/);
  }
});

Deno.test("revealing a secret copies it and asks for a reason", () => {
  using pool = LockedPool.open({ totalBytes: 64 });
  using secret = pool.rent(4);
  secret.bytes.fill(3);
  const copy = secret.reveal("the test compares it");
  secret.bytes.fill(0);
  assert.deepEqual([...copy], [3, 3, 3, 3]);
  assert.throws(() => secret.reveal(" "), TypeError);
});

Deno.test("a secret is copied into a buffer as long as itself or longer, and not once it is returned", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using neighbour = pool.rent(64);
  neighbour.bytes.fill(1);
  const secret = pool.rent(3);
  secret.bytes.set([7, 8, 9]);
  const target = new Uint8Array(5);
  secret.copyInto(target);
  assert.deepEqual([...target], [7, 8, 9, 0, 0]);
  assert.throws(() => secret.copyInto(new Uint8Array(2)), RangeError);
  secret[Symbol.dispose]();
  assert.throws(() => secret.copyInto(target), { code: "secret-returned" });
});
