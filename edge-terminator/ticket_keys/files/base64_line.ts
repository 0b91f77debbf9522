/** What a base64 line has come to so far. */
type LineState = "data" | "padding" | "bad";

/**
 * Decodes one line of base64 (RFC 4648, Section 4) byte by byte into memory that the caller chose, so that no secret is
 * ever in a string. Nothing is kept of it but the bits of an unfinished byte.
 */
export class Base64Line {
  readonly #store: (index: number, byte: number) => void;
  #characters = 0;
  #bits = 0;
  #bitCount = 0;
  #length = 0;
  #state: LineState = "data";

  /** `store` is told of each byte and its place. */
  constructor(store: (index: number, byte: number) => void) {
    this.#store = store;
  }

  /** Bytes decoded. */
  get length(): number {
    return this.#length;
  }

  get isEmpty(): boolean {
    return this.#characters === 0;
  }

  push(character: number): void {
    this.#characters++;
    if (character === equalsSign) {
      if (this.#state === "data") this.#state = "padding";
      return;
    }
    const value = valueOf(character);
    if (value === undefined || this.#state !== "data") {
      this.#state = "bad";
      return;
    }
    this.#bits = (this.#bits << 6 | value) & 0xfff;
    this.#bitCount += 6;
    if (this.#bitCount < 8) return;
    this.#bitCount -= 8;
    this.#store(this.#length++, this.#bits >>> this.#bitCount & 0xff);
  }

  /** Whether the line was whole: padded to a multiple of four, and no bits left over. Forgets the bits. */
  finish(): boolean {
    const rest = this.#bits & (1 << this.#bitCount) - 1;
    const isWhole = this.#state !== "bad" && this.#characters % 4 === 0 && this.#bitCount < 6 && rest === 0;
    this.#bits = 0;
    return isWhole;
  }
}

const equalsSign = 0x3d;

function valueOf(character: number): number | undefined {
  if (character >= 0x41 && character <= 0x5a) return character - 0x41;
  if (character >= 0x61 && character <= 0x7a) return character - 0x61 + 26;
  if (character >= 0x30 && character <= 0x39) return character - 0x30 + 52;
  if (character === 0x2b) return 62;
  if (character === 0x2f) return 63;
  return undefined;
}
