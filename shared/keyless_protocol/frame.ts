import { Reassembler } from "../codec/reassembler.ts";
import { ProtocolError } from "./errors.ts";

/** The protocol's name and version, agreed on by ALPN; a peer that negotiates none is closed. */
export const keylessAlpn = "holdfast/1";

/** What an edge sends first on a unix socket, where no ALPN names the version. */
export const unixPreface: Uint8Array = new TextEncoder().encode("holdfast/1\n");

/** length (4), id (4), kind (1). */
export const frameHeaderLength = 9;

/** The longest body, in bytes: `strict` needs room for ClientHello to Certificate. */
export const maximumBodyLength = 65_536;

/** Answers that belong to no request (the connection itself is at fault) carry this id; no request may. */
export const connectionId = 0;

/** One message of the protocol, its body still encoded. */
export interface Frame {
  /** Chosen by the edge, 1 to 2^32 - 1, unique among its requests in flight on this connection. */
  readonly id: number;
  /** What the body holds: an operation's number or an answer's. */
  readonly kind: number;
  readonly body: Uint8Array;
}

/** Encodes a whole frame, header included. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { id, kind, body } = frame;
  if (!Number.isInteger(id) || id < 0 || id > 0xffff_ffff) {
    throw new ProtocolError(`Cannot encode a frame: the id ${id} is not an unsigned 32-bit number`);
  }
  if (!Number.isInteger(kind) || kind < 0 || kind > 0xff) {
    throw new ProtocolError(`Cannot encode a frame: the kind ${kind} is not one byte`);
  }
  if (body.length > maximumBodyLength) {
    throw new ProtocolError(`Cannot encode a frame: ${body.length} bytes of body, over ${maximumBodyLength}`);
  }
  const bytes = new Uint8Array(frameHeaderLength + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, id);
  view.setUint8(8, kind);
  bytes.set(body, frameHeaderLength);
  return bytes;
}

/** The length of the whole frame that starts here, header included; throws when it is over the bound. */
function wholeLength(bytes: Uint8Array): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset, frameHeaderLength).getUint32(0);
  if (length > maximumBodyLength) {
    throw new ProtocolError(`Cannot read a frame: its body of ${length} bytes is over ${maximumBodyLength}`);
  }
  return frameHeaderLength + length;
}

/** Reads one whole frame; the body is a view onto `bytes`. */
function parseFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, frameHeaderLength);
  return { id: view.getUint32(4), kind: view.getUint8(8), body: bytes.subarray(frameHeaderLength) };
}

/**
 * Cuts a byte stream into frames.
 *
 * Memory is bounded by what the peer has really sent, never by what a header announces. A frame may be a view onto
 * the pushed chunk, as {@link Reassembler} says.
 */
export class FrameReader {
  readonly #bytes = new Reassembler(frameHeaderLength, wholeLength);

  /** Takes the stream's next bytes, which must not change afterwards. Call `next` until it has no more. */
  push(chunk: Uint8Array): void {
    this.#bytes.push(chunk);
  }

  /** The next whole frame, or undefined until more bytes come. Throws ProtocolError for an oversize one. */
  next(): Frame | undefined {
    const whole = this.#bytes.next();
    return whole && parseFrame(whole);
  }

  /** True between frames: a stream that ends here was not cut short. */
  get atFrameBoundary(): boolean {
    return this.#bytes.isEmpty;
  }
}
