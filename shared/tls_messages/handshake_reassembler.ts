import { HandshakeType, nameOf } from "../tls_constants.ts";
import { illegalParameter } from "./errors.ts";
import { handshakeHeaderLength, type HandshakeMessage } from "./handshake.ts";
import { longestHandshakeBody } from "./handshake_limits.ts";

/**
 * Puts handshake messages together from the records that carry them (RFC 8446, Section 5.1).
 *
 * Memory is bounded by what has really come, and that by the limit for the message's type. A message that lies
 * whole in one pushed fragment is a view onto that fragment: the fragment must not change while the message is in
 * use. One that was spread over several has a buffer of its own, which is never written again.
 */
export class HandshakeReassembler {
  readonly #longestBody: (type: number) => number;
  /** Bytes not consumed yet, all in one fragment: nothing of `#partial` is in it. */
  #fragment: Uint8Array = empty;
  /** The beginning of a message that the fragments so far did not complete. */
  #partial: Uint8Array = empty;
  #partialLength = 0;

  /** `longestBody` gives the bound, in bytes of body, for each message type. */
  constructor(longestBody: (type: number) => number = longestHandshakeBody) {
    this.#longestBody = longestBody;
  }

  /** Nothing is held: no message waits to be taken and none is incomplete. Must hold where the keys change. */
  get isEmpty(): boolean {
    return this.#partialLength === 0 && this.#fragment.length === 0;
  }

  /** Takes the content of one handshake record. */
  push(fragment: Uint8Array): void {
    if (this.#fragment.length === 0) {
      this.#fragment = fragment;
      return;
    }
    const joined = new Uint8Array(this.#fragment.length + fragment.length);
    joined.set(this.#fragment);
    joined.set(fragment, this.#fragment.length);
    this.#fragment = joined;
  }

  /** Copies what is left of the fragments, so that they may change while messages of them wait to be taken. */
  settle(): void {
    if (this.#fragment.length > 0) this.#fragment = this.#fragment.slice();
  }

  /**
   * The next whole message, or undefined until more comes. Throws PeerMisbehaved (illegal_parameter,
   * EXCESSIVE_MESSAGE_SIZE) as soon as a header announces more than the limit.
   */
  next(): HandshakeMessage | undefined {
    if (this.#partialLength === 0 && this.#fragment.length >= handshakeHeaderLength) {
      const length = this.#wholeLength(this.#fragment);
      if (this.#fragment.length >= length) return toMessage(this.#take(length));
    }
    if (!this.#fillPartialTo(handshakeHeaderLength)) return undefined;
    const length = this.#wholeLength(this.#partial);
    if (!this.#fillPartialTo(length)) return undefined;
    const raw = this.#partial.subarray(0, length);
    this.#partial = empty;
    this.#partialLength = 0;
    return toMessage(raw);
  }

  #wholeLength(bytes: Uint8Array): number {
    const type = bytes[0]!;
    const length = bytes[1]! << 16 | bytes[2]! << 8 | bytes[3]!;
    const longest = this.#longestBody(type);
    if (length > longest) {
      const message = `Cannot accept ${
        nameOf(HandshakeType, type)
      } of ${length} bytes: the most is ${longest}`;
      throw illegalParameter("EXCESSIVE_MESSAGE_SIZE", message);
    }
    return handshakeHeaderLength + length;
  }

  #take(length: number): Uint8Array {
    const taken = this.#fragment.subarray(0, length);
    this.#fragment = length >= this.#fragment.length ? empty : this.#fragment.subarray(length);
    return taken;
  }

  /** Moves bytes from the fragment until the partial message has `length`; false when the fragment ran out. */
  #fillPartialTo(length: number): boolean {
    const wanted = this.#take(Math.max(0, length - this.#partialLength));
    const filled = this.#partialLength + wanted.length;
    if (filled > this.#partial.length) {
      // Doubling, up to the whole message: linear work even for one-byte records.
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

function toMessage(raw: Uint8Array): HandshakeMessage {
  return { type: raw[0]!, body: raw.subarray(handshakeHeaderLength), raw };
}
