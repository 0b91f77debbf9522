/**
 * Puts together the messages of a stream in which each begins with a header that tells its length, however the
 * stream was cut on its way.
 *
 * Memory is bounded by what has really come, never by what a header announces. A message that lies whole in one
 * pushed chunk is a view onto it: the chunk must not change while the message is in use. One that was spread over
 * several has a buffer of its own, which is never written again.
 */
export class Reassembler {
  readonly #headerLength: number;
  readonly #wholeLength: (header: Uint8Array) => number;
  /** Bytes not consumed yet: nothing of `#partial` is in it. */
  #chunk: Uint8Array = empty;
  /** The beginning of a message that the chunks so far did not complete. */
  #partial: Uint8Array = empty;
  #partialLength = 0;

  /**
   * @param headerLength bytes
   * @param wholeLength reads the header and gives the bytes of its message, header included; throws above its bound
   */
  constructor(headerLength: number, wholeLength: (header: Uint8Array) => number) {
    this.#headerLength = headerLength;
    this.#wholeLength = wholeLength;
  }

  /** Nothing is held: no message waits to be taken and none is incomplete. */
  get isEmpty(): boolean {
    return this.#partialLength === 0 && this.#chunk.length === 0;
  }

  /** Takes the stream's next bytes. */
  push(chunk: Uint8Array): void {
    if (this.#chunk.length === 0) {
      this.#chunk = chunk;
      return;
    }
    const joined = new Uint8Array(this.#chunk.length + chunk.length);
    joined.set(this.#chunk);
    joined.set(chunk, this.#chunk.length);
    this.#chunk = joined;
  }

  /** Copies what is left of the chunks, so that they may change while messages of them wait to be taken. */
  settle(): void {
    if (this.#chunk.length > 0) this.#chunk = this.#chunk.slice();
  }

  /** The next whole message, header included, or undefined until more comes. Throws what `wholeLength` does. */
  next(): Uint8Array | undefined {
    if (this.#partialLength === 0 && this.#chunk.length >= this.#headerLength) {
      const length = this.#wholeLength(this.#chunk);
      if (this.#chunk.length >= length) return this.#take(length);
    }
    if (!this.#fillPartialTo(this.#headerLength)) return undefined;
    const length = this.#wholeLength(this.#partial);
    if (!this.#fillPartialTo(length)) return undefined;
    const whole = this.#partial.subarray(0, length);
    this.#partial = empty;
    this.#partialLength = 0;
    return whole;
  }

  #take(length: number): Uint8Array {
    const taken = this.#chunk.subarray(0, length);
    this.#chunk = length >= this.#chunk.length ? empty : this.#chunk.subarray(length);
    return taken;
  }

  /** Moves bytes from the chunk until the partial message has `length`; false when the chunk ran out. */
  #fillPartialTo(length: number): boolean {
    const wanted = this.#take(Math.max(0, length - this.#partialLength));
    const filled = this.#partialLength + wanted.length;
    if (filled > this.#partial.length) {
      // Doubling, up to the whole message: linear work even for one-byte chunks.
      const grown = new Uint8Array(Math.max(filled, Math.min(length, 2 * filled)));
      grown.set(this.#partial.subarray(0, this.#partialLength));
      this.#partial = grown;
    }
    this.#partial.set(wanted, this.#partialLength);
    this.#partialLength = filled;
    return filled >= length;
  }
}

const empty = new Uint8Array(0);
