import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { hashLength, type HashName } from "./digest.ts";
import { hmac, hmacAt, hmacInto, hmacPublic } from "./hmac.ts";

const zeros = new Uint8Array(64);

/**
 * HKDF-Extract(salt, IKM) (RFC 5869, Section 2.2) into a new block of the pool.
 *
 * @param salt undefined stands for hashLength zeros, as Section 2.2 says
 * @param ikm undefined stands for hashLength zeros, the "0" of RFC 8446, Section 7.1
 */
export function hkdfExtract(
  pool: LockedPool,
  hash: HashName,
  salt: Secret | Uint8Array | undefined,
  ikm: Secret | Uint8Array | undefined,
): Secret {
  const absent = zeros.subarray(0, hashLength[hash]);
  return hmac(pool, hash, salt ?? absent, ikm ?? absent);
}

/**
 * HKDF-Expand(PRK, info, L) (RFC 5869, Section 2.3) into a new block of the pool.
 *
 * @param length bytes, at most a block of the pool and 255 times the hash
 */
export function hkdfExpand(
  pool: LockedPool,
  hash: HashName,
  prk: Secret,
  info: Uint8Array,
  length: number,
): Secret {
  if (length > 255 * hashLength[hash]) {
    throw new RangeError(`Cannot expand to ${length} bytes: HKDF ends before`);
  }
  const output = pool.rent(length);
  try {
    if (length <= hashLength[hash] && hashLength[hash] <= pool.blockSize) {
      // T(1) goes straight into the block; what exceeds the length stays in locked memory until the return zeroes it.
      hmacAt(output.address, hash, prk, info, firstCounter);
      return output;
    }
    using block = pool.rent(hashLength[hash]); // T(i)
    hmacInto(block, hash, prk, info, counter(1));
    copyInto(output, 0, block);
    for (let index = 2, offset = block.length; offset < length; index++, offset += block.length) {
      hmacInto(block, hash, prk, block, info, counter(index));
      copyInto(output, offset, block);
    }
    return output;
  } catch (error) {
    output[Symbol.dispose]();
    throw error;
  }
}

/**
 * HKDF-Expand whose result is not ours to keep: an application's keying material. Of the steps in between only `prk`
 * is a secret.
 *
 * @param length bytes, at most 255 times the hash
 */
export function hkdfExpandPublic(
  hash: HashName,
  prk: Secret,
  info: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  if (length > 255 * hashLength[hash]) {
    throw new RangeError(`Cannot expand to ${length} bytes: HKDF ends before`);
  }
  const output = new Uint8Array(length);
  let block = new Uint8Array(0); // T(i)
  for (let index = 1, offset = 0; offset < length; index++, offset += block.length) {
    block = hmacPublic(hash, prk, block, info, counter(index));
    output.set(block.subarray(0, length - offset), offset);
  }
  return output;
}

function copyInto(output: Secret, offset: number, block: Secret): void {
  const wanted = Math.min(block.length, output.length - offset);
  output.bytes.set(block.bytes.subarray(0, wanted), offset);
}

function counter(value: number): Uint8Array {
  return counters.subarray(value, value + 1);
}

const counters: Uint8Array = Uint8Array.from({ length: 256 }, (_, index) => index);
const firstCounter = counter(1);
