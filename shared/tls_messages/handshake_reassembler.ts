import { Reassembler } from "../codec/reassembler.ts";
import { HandshakeType, nameOf } from "../tls_constants.ts";
import { illegalParameter } from "./errors.ts";
import { handshakeHeaderLength, type HandshakeMessage } from "./handshake.ts";
import { longestHandshakeBody } from "./handshake_limits.ts";

/**
 * Puts handshake messages together from the records that carry them (RFC 8446, Section 5.1).
 *
 * Memory is bounded by what has really come, and that by the limit for the message's type. A message may be a view
 * onto the pushed fragment, as {@link Reassembler} says.
 */
export class HandshakeReassembler {
  readonly #bytes: Reassembler;

  /** `longestBody` gives the bound, in bytes of body, for each message type. */
  constructor(longestBody: (type: number) => number = longestHandshakeBody) {
    this.#bytes = new Reassembler(handshakeHeaderLength, (header) => wholeLength(header, longestBody));
  }

  /** Nothing is held: no message waits to be taken and none is incomplete. Must hold where the keys change. */
  get isEmpty(): boolean {
    return this.#bytes.isEmpty;
  }

  /** Takes the content of one handshake record. */
  push(fragment: Uint8Array): void {
    this.#bytes.push(fragment);
  }

  /** Copies what is left of the fragments, so that they may change while messages of them wait to be taken. */
  settle(): void {
    this.#bytes.settle();
  }

  /**
   * The next whole message, or undefined until more comes. Throws PeerMisbehaved (illegal_parameter,
   * EXCESSIVE_MESSAGE_SIZE) as soon as a header announces more than the limit.
   */
  next(): HandshakeMessage | undefined {
    const raw = this.#bytes.next();
    return raw && { type: raw[0]!, body: raw.subarray(handshakeHeaderLength), raw };
  }
}

function wholeLength(header: Uint8Array, longestBody: (type: number) => number): number {
  const type = header[0]!;
  const length = header[1]! << 16 | header[2]! << 8 | header[3]!;
  const longest = longestBody(type);
  if (length > longest) {
    const message = `Cannot accept ${nameOf(HandshakeType, type)} of ${length} bytes: the most is ${longest}`;
    throw illegalParameter("EXCESSIVE_MESSAGE_SIZE", message);
  }
  return handshakeHeaderLength + length;
}
