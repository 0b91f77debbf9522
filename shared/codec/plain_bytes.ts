/**
 * The same bytes, not copied, as a Uint8Array and nothing more. Sockets deliver node's Buffer, a Uint8Array whose
 * `slice` is a view: whoever copies by it would change, or lose, what came in.
 */
export function plainBytes<Backing extends ArrayBufferLike>(bytes: Uint8Array<Backing>): Uint8Array<Backing> {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
