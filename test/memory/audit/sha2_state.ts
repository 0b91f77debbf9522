/**
 * SHA-2's compression of one block from the initial state: what an HMAC context holds in place of its key. By the book
 * (FIPS 180-4), with BigInt, for one block now and then.
 */

interface Variant {
  readonly wordBits: 32 | 64;
  readonly rounds: number;
  /** Rotations and shifts of the functions S0, S1, s0 and s1; the last of each s is a shift. */
  readonly rotations: readonly (readonly [number, number, number])[];
  /** Bits after the binary point of the square roots that are the initial state. */
  readonly firstPrime: 0 | 8;
}

const sha256: Variant = {
  wordBits: 32,
  rounds: 64,
  rotations: [[2, 13, 22], [6, 11, 25], [7, 18, 3], [17, 19, 10]],
  firstPrime: 0,
};
const sha512: Variant = {
  wordBits: 64,
  rounds: 80,
  rotations: [[28, 34, 39], [14, 18, 41], [1, 8, 7], [19, 61, 6]],
  firstPrime: 0,
};
const variants = { sha256, sha384: { ...sha512, firstPrime: 8 }, sha512 } as const satisfies Record<
  string,
  Variant
>;

/** Bytes of one block. */
export const sha2BlockLength = { sha256: 64, sha384: 128, sha512: 128 } as const;

const primes = Array.from({ length: 500 }, (_, i) => i).filter((n) =>
  n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0)
);

/** The largest whole number whose `power` is at most `value`. */
function integerRoot(value: bigint, power: bigint): bigint {
  let low = 0n;
  let high = 1n << BigInt(Math.ceil(value.toString(2).length / Number(power)) + 1);
  while (low < high) {
    const middle = low + high + 1n >> 1n;
    if (middle ** power <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/** The first bits of the fraction of a root of a prime. */
function rootFraction(prime: number, power: 2n | 3n, bits: number): bigint {
  const scaled = integerRoot(BigInt(prime) << power * BigInt(bits), power);
  return scaled & (1n << BigInt(bits)) - 1n;
}

/** The eight words of the state after `block`, as a little-endian machine keeps them. */
export function stateAfter(hash: keyof typeof variants, block: Uint8Array): Uint8Array {
  const { wordBits, rounds, rotations, firstPrime } = variants[hash];
  const bits = BigInt(wordBits);
  const mask = (1n << bits) - 1n;
  const rotate = (x: bigint, by: number) => (x >> BigInt(by) | x << bits - BigInt(by)) & mask;
  const big = (x: bigint, [a, b, c]: readonly [number, number, number]) =>
    rotate(x, a) ^ rotate(x, b) ^ rotate(x, c);
  const small = (x: bigint, [a, b, c]: readonly [number, number, number]) =>
    rotate(x, a) ^ rotate(x, b) ^ x >> BigInt(c);
  const constants = primes.slice(0, rounds).map((prime) => rootFraction(prime, 3n, wordBits));
  const initial = primes.slice(firstPrime, firstPrime + 8).map((prime) => rootFraction(prime, 2n, wordBits));

  const wordLength = wordBits / 8;
  const words = Array.from(
    { length: 16 },
    (_, i) => BigInt(`0x${block.subarray(i * wordLength, (i + 1) * wordLength).toHex()}`),
  );
  for (let i = 16; i < rounds; i++) {
    const sum = small(words[i - 2]!, rotations[3]!) + words[i - 7]! + small(words[i - 15]!, rotations[2]!) +
      words[i - 16]!;
    words.push(sum & mask);
  }
  let [a, b, c, d, e, f, g, h] = initial as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  for (let i = 0; i < rounds; i++) {
    const first = h + big(e, rotations[1]!) + (e & f ^ ~e & mask & g) + constants[i]! + words[i]!;
    const second = big(a, rotations[0]!) + (a & b ^ a & c ^ b & c);
    [h, g, f, e, d, c, b, a] = [g, f, e, d + first & mask, c, b, a, first + second & mask];
  }
  const state = [a, b, c, d, e, f, g, h].map((word, i) => word + initial[i]! & mask);
  return Uint8Array.from(state.flatMap((word) => {
    return [...Uint8Array.fromHex(word.toString(16).padStart(2 * wordLength, "0")).toReversed()];
  }));
}
