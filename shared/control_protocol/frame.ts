import { Reassembler } from "../codec/reassembler.ts";
import { ControlProtocolError } from "./errors.ts";

/** The protocol's name and version, agreed on by ALPN; a peer that negotiates none is closed. */
export const controlAlpn = "holdfast-control/1";

/** What an edge sends first on a unix socket, where no ALPN names the version. */
export const controlPreface: Uint8Array = new TextEncoder().encode("holdfast-control/1\n");

const headerLength = 4;

/** The longest body, in bytes: a name with the most certificates that anybody has, several times over. */
export const maximumBodyLength = 4 << 20;

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true });

/** A message as a whole frame. Throws ControlProtocolError for one over the bound. */
export function encodeFrame(message: unknown): Uint8Array<ArrayBuffer> {
  const body = utf8.encode(JSON.stringify(message));
  if (body.length > maximumBodyLength) {
    throw new ControlProtocolError(
      `Cannot encode a frame: ${body.length} bytes of body, over ${maximumBodyLength}`,
    );
  }
  const frame = new Uint8Array(headerLength + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, headerLength);
  return frame;
}

function wholeLength(bytes: Uint8Array): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset, headerLength).getUint32(0);
  if (length > maximumBodyLength) {
    throw new ControlProtocolError(
      `Cannot read a frame: its body of ${length} bytes is over ${maximumBodyLength}`,
    );
  }
  return headerLength + length;
}

/** Cuts a byte stream into frames. Memory is bounded by what the peer has really sent. */
export class FrameReader {
  readonly #bytes = new Reassembler(headerLength, wholeLength);

  /** Takes the stream's next bytes, which must not change afterwards. Call `next` until it has no more. */
  push(chunk: Uint8Array): void {
    this.#bytes.push(chunk);
  }

  /** The next body's JSON value, or undefined until more bytes come. Throws ControlProtocolError. */
  next(): unknown {
    const whole = this.#bytes.next();
    return whole && parseBody(whole.subarray(headerLength));
  }

  /** True between frames: a stream that ends here was not cut short. */
  get atFrameBoundary(): boolean {
    return this.#bytes.isEmpty;
  }
}

function parseBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(body));
  } catch (cause) {
    throw new ControlProtocolError(`Cannot read a frame: its ${body.length} bytes are no JSON in UTF-8`, {
      cause,
    });
  }
}
