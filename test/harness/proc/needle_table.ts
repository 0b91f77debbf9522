/** Fewer bytes than these chance would find. */
const shortest = 8;

interface Needle {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Many byte strings to look for in one pass, by their first bytes: thousands cost little more than one. */
export class NeedleTable {
  /** Bytes of the longest needle. */
  readonly longest: number;
  /** A bit for each value of three bytes: set where some needle begins so. */
  readonly #starts = new Uint8Array(1 << 21);
  readonly #byStart = new Map<number, Needle[]>();

  /** Throws RangeError for a needle of fewer than 8 bytes. */
  constructor(needles: ReadonlyMap<string, Uint8Array>) {
    let longest = shortest;
    for (const [name, bytes] of needles) {
      if (bytes.length < shortest) {
        throw new RangeError(`Cannot search for ${name}: ${bytes.length} bytes are too few`);
      }
      longest = Math.max(longest, bytes.length);
      const start = bytes[0]! << 16 | bytes[1]! << 8 | bytes[2]!;
      this.#starts[start >> 3]! |= 1 << (start & 7);
      const alike = this.#byStart.get(start);
      if (alike === undefined) this.#byStart.set(start, [{ name, bytes }]);
      else alike.push({ name, bytes });
    }
    this.longest = longest;
  }

  /** Every place of every needle that lies in `bytes` as a whole. */
  *matches(bytes: Uint8Array): Generator<readonly [name: string, offset: number]> {
    const starts = this.#starts;
    const last = bytes.length - shortest;
    let start = (bytes[0] ?? 0) << 8 | (bytes[1] ?? 0);
    for (let offset = 0; offset <= last; offset++) {
      start = (start << 8 | bytes[offset + 2]!) & 0xffffff;
      if ((starts[start >> 3]! >> (start & 7) & 1) === 0) continue;
      for (const { name, bytes: needle } of this.#byStart.get(start)!) {
        if (isAt(bytes, offset, needle)) yield [name, offset];
      }
    }
  }
}

function isAt(bytes: Uint8Array, offset: number, needle: Uint8Array): boolean {
  if (offset + needle.length > bytes.length) return false;
  for (let index = 3; index < needle.length; index++) {
    if (bytes[offset + index] !== needle[index]) return false;
  }
  return true;
}
