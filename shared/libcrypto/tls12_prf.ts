import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { hashLength, type HashName } from "./digest.ts";
import { hmac, hmacInto } from "./hmac.ts";

/**
 * PRF(secret, label, seed) of TLS 1.2 (RFC 5246, Section 5) into new blocks of the pool: P_hash's output, cut into secrets
 * of the given lengths in order. So the key block, longer than a block of the pool, arrives as the keys it is made of.
 *
 * @param hash sha256, or the suite's own (RFC 5288, Section 3)
 * @param label ASCII
 * @param seed public parts, concatenated
 * @param lengths bytes of each secret, at least 1 and at most a block of the pool
 */
export function tls12Prf(
  pool: LockedPool,
  hash: HashName,
  secret: Secret,
  label: string,
  seed: readonly Uint8Array[],
  lengths: readonly number[],
): Secret[] {
  const outputs: Secret[] = [];
  try {
    using stream = new PHash(pool, hash, secret, [new TextEncoder().encode(label), ...seed]);
    for (const length of lengths) {
      const output = pool.rent(length);
      outputs.push(output);
      stream.fill(output.bytes);
    }
    return outputs;
  } catch (error) {
    for (const output of outputs) output[Symbol.dispose]();
    throw error;
  }
}

/** The PRF where its output is public: the verify_data of a Finished message (RFC 5246, Section 7.4.9). */
export function tls12PrfPublic(
  pool: LockedPool,
  hash: HashName,
  secret: Secret,
  label: string,
  seed: readonly Uint8Array[],
  length: number,
): Uint8Array<ArrayBuffer> {
  using stream = new PHash(pool, hash, secret, [new TextEncoder().encode(label), ...seed]);
  const output = new Uint8Array(length);
  stream.fill(output);
  return output;
}

/**
 * P_hash as a stream (RFC 5246, Section 5): A(0) = seed, A(i) = HMAC(secret, A(i-1)), and the output is
 * HMAC(secret, A(1) + seed), HMAC(secret, A(2) + seed), ...
 */
class PHash implements Disposable {
  readonly #hash: HashName;
  readonly #secret: Secret;
  readonly #seed: readonly Uint8Array[];
  /** A(i). */
  readonly #chain: Secret;
  /** The output of step i, of which `#used` bytes have been taken. */
  readonly #block: Secret;
  #used = 0;

  constructor(pool: LockedPool, hash: HashName, secret: Secret, seed: readonly Uint8Array[]) {
    this.#hash = hash;
    this.#secret = secret;
    this.#seed = seed;
    this.#chain = hmac(pool, hash, secret, ...seed);
    try {
      this.#block = pool.rent(hashLength[hash]);
    } catch (error) {
      this.#chain[Symbol.dispose]();
      throw error;
    }
    hmacInto(this.#block, hash, secret, this.#chain, ...seed);
  }

  fill(output: Uint8Array): void {
    for (let filled = 0; filled < output.length;) {
      if (this.#used === this.#block.length) this.#step();
      const taken = Math.min(output.length - filled, this.#block.length - this.#used);
      output.set(this.#block.bytes.subarray(this.#used, this.#used + taken), filled);
      filled += taken;
      this.#used += taken;
    }
  }

  #step(): void {
    hmacInto(this.#chain, this.#hash, this.#secret, this.#chain);
    hmacInto(this.#block, this.#hash, this.#secret, this.#chain, ...this.#seed);
    this.#used = 0;
  }

  [Symbol.dispose](): void {
    this.#chain[Symbol.dispose]();
    this.#block[Symbol.dispose]();
  }
}
