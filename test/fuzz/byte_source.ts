/** Takes decisions from an input, byte by byte; an input that is used up decides 0. */
export class ByteSource {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#position++] ?? 0;
  }

  u16(): number {
    return this.byte() << 8 | this.byte();
  }

  /** 0 to `limit` - 1; `limit` is at most 256. */
  below(limit: number): number {
    return this.byte() % limit;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** The next `length` bytes, fewer at the end. */
  bytes(length: number): Uint8Array {
    const start = this.#position;
    this.#position = Math.min(this.#bytes.length, start + length);
    return this.#bytes.slice(start, this.#position);
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length);
  }
}
