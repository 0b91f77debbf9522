import { concatenate } from "../../../shared/codec/concatenate.ts";

/** Bytes for the peer, in order, until the owner of the socket takes them. */
export class OutputQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
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
    return concatenate(chunks);
  }
}
