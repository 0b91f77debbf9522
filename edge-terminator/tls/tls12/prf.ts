import type { HashName } from "../../../shared/libcrypto/digest.ts";
import { hmac } from "../../../shared/libcrypto/hmac.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";

const utf8 = new TextEncoder();

/**
 * PRF(secret, label, seed), cut into secrets of the given lengths; the caller owns them.
 *
 * RFC 5246, Section 5: P_hash(secret, label + seed), block by block, each block and each A(i) in the pool.
 */
export function prf(
  pool: LockedPool,
  hash: HashName,
  secret: Secret,
  label: string,
  seed: readonly Uint8Array[],
  lengths: readonly number[],
): Secret[] {
  const outputs: Secret[] = [];
  try {
    for (const length of lengths) outputs.push(pool.rent(length));
    fill(outputs, expansion(pool, hash, secret, [utf8.encode(label), ...seed]));
    return outputs;
  } catch (error) {
    for (const output of outputs) output[Symbol.dispose]();
    throw error;
  }
}

/** HMAC_hash(secret, A(1) + seed), HMAC_hash(secret, A(2) + seed), … without end. */
function* expansion(
  pool: LockedPool,
  hash: HashName,
  secret: Secret,
  seed: Uint8Array[],
): Generator<Secret, never> {
  let a = hmac(pool, hash, secret, ...seed);
  try {
    for (;;) {
      using block = hmac(pool, hash, secret, a, ...seed);
      yield block;
      const next = hmac(pool, hash, secret, a);
      a[Symbol.dispose]();
      a = next;
    }
  } finally {
    a[Symbol.dispose]();
  }
}

/** Copies the stream into the outputs, one after the other. */
function fill(outputs: readonly Secret[], stream: Generator<Secret, never>): void {
  let index = 0;
  let filled = 0;
  for (const block of stream) {
    for (let taken = 0; taken < block.length;) {
      const output = outputs[index]!;
      const count = Math.min(block.length - taken, output.length - filled);
      output.bytes.set(block.bytes.subarray(taken, taken + count), filled);
      taken += count;
      filled += count;
      if (filled < output.length) break;
      filled = 0;
      if (++index === outputs.length) return;
    }
  }
}

/** A PRF output that is not ours to keep secret: a Finished message's verify_data, an application's keying material. */
export function prfPublic(
  pool: LockedPool,
  hash: HashName,
  secret: Secret,
  label: string,
  seed: readonly Uint8Array[],
  length: number,
): Uint8Array {
  const output = new Uint8Array(length);
  let filled = 0;
  for (const block of expansion(pool, hash, secret, [utf8.encode(label), ...seed])) {
    const part = block.bytes.subarray(0, length - filled);
    output.set(part, filled);
    filled += part.length;
    if (filled === length) break;
  }
  return output;
}
