import { ProtocolError } from "../shared/keyless_protocol/errors.ts";

/** Takes the fixed bytes that a stream must begin with. */
export class PrefaceReader {
  readonly #expected: Uint8Array;
  #taken = 0;

  constructor(expected: Uint8Array) {
    this.#expected = expected;
  }

  /** What follows the preface in this chunk; empty until it is whole. Throws ProtocolError at the first other byte. */
  take(chunk: Uint8Array): Uint8Array {
    const length = Math.min(chunk.length, this.#expected.length - this.#taken);
    for (let i = 0; i < length; i++) {
      if (chunk[i] !== this.#expected[this.#taken + i]) {
        throw new ProtocolError("Cannot speak with this peer: it does not begin with holdfast/1");
      }
    }
    this.#taken += length;
    return chunk.subarray(length);
  }
}
