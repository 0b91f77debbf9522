import { concatenate } from "../../shared/codec/concatenate.ts";
import type { Random } from "./random.ts";

type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const longestInput = 1 << 17;
const interestingBytes = [0, 1, 2, 3, 0x10, 0x20, 0x40, 0x7f, 0x80, 0xfe, 0xff];
const interestingWords = [0, 1, 0xff, 0x100, 0x0303, 0x0304, 0x3fff, 0x4000, 0x4001, 0x4100, 0xffff];

/** A place and a length of bytes, both within them. */
function range(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const start = random.below(bytes.length + 1);
  const longest = random.oneIn(4) ? bytes.length - start : Math.min(8, bytes.length - start);
  return [start, start + random.below(longest + 1)];
}

function replaced(bytes: Uint8Array, start: number, end: number, content: Uint8Array): Uint8Array {
  return concatenate([bytes.subarray(0, start), content, bytes.subarray(end)]);
}

function changed(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) {
    const at = random.below(copy.length);
    copy[at] = change(copy[at]!);
  }
  return copy;
}

const flipBit: Mutation = (bytes, random) => changed(bytes, random, (byte) => byte ^ 1 << random.below(8));
const setByte: Mutation = (bytes, random) => changed(bytes, random, () => random.byte());
const setInteresting: Mutation = (bytes, random) =>
  changed(bytes, random, () => random.pick(interestingBytes));
const addToByte: Mutation = (bytes, random) => changed(bytes, random, (byte) => byte + random.below(5) - 2);

const setWord: Mutation = (bytes, random) => {
  if (bytes.length < 2) return bytes;
  const word = random.pick(interestingWords);
  const at = random.below(bytes.length - 1);
  return replaced(bytes, at, at + 2, Uint8Array.of(word >> 8, word & 0xff));
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, random.below(bytes.length + 1));
const remove: Mutation = (bytes, random) => replaced(bytes, ...range(bytes, random), new Uint8Array(0));
const insert: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, at, random.bytes(1 + random.below(random.oneIn(20) ? 4_000 : 12)));
};

const repeat: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  return replaced(bytes, end, end, bytes.subarray(start, end));
};

const move: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  const rest = replaced(bytes, start, end, new Uint8Array(0));
  const at = random.below(rest.length + 1);
  return replaced(rest, at, at, bytes.subarray(start, end));
};

const splice: Mutation = (bytes, random, others) => {
  const other = random.pick(others);
  const [start, end] = range(other, random);
  return replaced(bytes, ...range(bytes, random), other.subarray(start, end));
};

/**
 * Finds a number that could be a vector's length (some bytes that announce no more than what follows) and makes it
 * wrong, or makes the vector longer or shorter with its length still right.
 */
const resizeVector: Mutation = (bytes, random) => {
  if (bytes.length < 3) return bytes;
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const width = 1 + random.below(3);
    const at = random.below(bytes.length - 1);
    let length = 0;
    for (const byte of bytes.subarray(at, at + width)) length = length << 8 | byte;
    const end = at + width + length;
    if (length === 0 || end > bytes.length) continue;
    const keepsHonest = random.oneIn(2);
    const newLength = Math.max(0, length + random.pick([-2, -1, 1, 2, -length, length]));
    const content = keepsHonest
      ? concatenate([bytes.subarray(at + width, end), random.bytes(newLength)]).subarray(0, newLength)
      : bytes.subarray(at + width, end);
    const field = Uint8Array.from(
      { length: width },
      (_, index) => newLength >> 8 * (width - 1 - index) & 0xff,
    );
    return replaced(bytes, at, end, concatenate([field, content]));
  }
  return bytes;
};

const mutations: readonly Mutation[] = [
  flipBit,
  setByte,
  setInteresting,
  addToByte,
  setWord,
  truncate,
  remove,
  insert,
  repeat,
  move,
  splice,
  resizeVector,
  resizeVector,
];

/** One to five random changes of `bytes`, which itself stays as it is; `others` lend parts of themselves. */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  let result: Uint8Array = bytes.slice();
  const changes = 1 + random.below(random.oneIn(3) ? 5 : 2);
  for (let count = 0; count < changes; count += 1) result = random.pick(mutations)(result, random, others);
  return result.length > longestInput ? result.slice(0, longestInput) : result;
}
