import { concatenate } from "../../../shared/codec/concatenate.ts";

/** Less is allocated as it comes: a slow client's queue must not hold buffers that are mostly empty. */
const largeEnough = 2 ** 15;
/** What a read of 64 KiB becomes, with room for its records' headers and tags. */
const spareLength = 2 ** 16 + 2 ** 10;

/**
 * One buffer for large output, of whichever connection seals next; undefined while somebody has it. It holds what is
 * on the wire anyway. To allocate and zero one for each write took 0.3 s of 1.9 s of CPU for a GiB.
 */
let spare: ArrayBuffer | undefined;

/** Bytes for the peer, in order, until the owner of the socket takes them. */
export class OutputQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Room for a chunk of `length` bytes, which may hold anything: fill it whole and `push` it. */
  reserve(length: number): Uint8Array {
    if (length < largeEnough || length > spareLength) return new Uint8Array(length);
    const buffer = spare ?? new ArrayBuffer(spareLength);
    spare = undefined;
    return new Uint8Array(buffer, 0, length);
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** Everything queued, joined; undefined when there is nothing. */
  take(): Uint8Array | undefined {
    if (this.#chunks.length === 0) return undefined;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    if (chunks.length === 1) return chunks[0]!;
    const joined = concatenate(chunks);
    for (const chunk of chunks) this.giveBack(chunk);
    return joined;
  }

  /** Nobody reads these bytes any more that `take` gave. */
  giveBack({ buffer }: Uint8Array): void {
    if (buffer.byteLength === spareLength && buffer instanceof ArrayBuffer) spare = buffer;
  }
}
