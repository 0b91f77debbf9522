import { concatenate } from "../../shared/codec/concatenate.ts";
import { digest, type HashName, RunningDigest } from "../../shared/libcrypto/digest.ts";
import { HandshakeType } from "../../shared/tls_constants.ts";
import { HoldfastError } from "../../shared/errors.ts";
import type { TranscriptHash, TranscriptPoint } from "./key_schedule/transcript_hash.ts";

/**
 * The messages of a handshake and their hash (RFC 8446, Section 4.4.1).
 *
 * Before the suite is known the messages are only kept; afterwards they are hashed too. They stay kept until
 * `forgetMessages`, for a key server that wants to see what it signs.
 */
export class Transcript implements Disposable {
  #messages: Uint8Array[] | undefined = [];
  #running: RunningDigest | undefined;
  #hash: HashName | undefined;

  /** Adds one whole message, header included. */
  add(message: Uint8Array): void {
    this.#messages?.push(message);
    this.#running?.update(message);
  }

  /** The suite's hash is known. A second call with the same hash does nothing. */
  useHash(hash: HashName): void {
    if (this.#hash === hash) return;
    if (this.#hash !== undefined || this.#messages === undefined) {
      throw new HoldfastError("transcript-misused", "Cannot choose a transcript hash: there is one already");
    }
    this.#hash = hash;
    this.#running = new RunningDigest(hash);
    for (const message of this.#messages) this.#running.update(message);
  }

  get hashName(): HashName {
    if (this.#hash === undefined) {
      throw new HoldfastError("transcript-misused", "Cannot hash a transcript: no hash is chosen");
    }
    return this.#hash;
  }

  /** The hash through the message that was added last, which is what `point` names. */
  hash<Point extends TranscriptPoint>(_point: Point): TranscriptHash<Point> {
    void this.hashName;
    return this.#running!.snapshot() as Uint8Array as TranscriptHash<Point>;
  }

  /** The hash as if `partial`, the start of a message, had been added: for PSK binders. */
  hashWith(partial: Uint8Array): Uint8Array {
    void this.hashName;
    using running = this.#running!.clone();
    running.update(partial);
    return running.snapshot();
  }

  /**
   * The first ClientHello is hashed as a message_hash message, because a HelloRetryRequest follows. It stays kept
   * whole: whoever wants to see what it signs makes the message_hash itself.
   *
   * RFC 8446, Section 4.4.1
   */
  replaceWithMessageHash(): void {
    const hash = digest(this.hashName, ...(this.#messages ?? []));
    const synthetic = new Uint8Array(4 + hash.length);
    synthetic[0] = HandshakeType.message_hash;
    synthetic[3] = hash.length;
    synthetic.set(hash, 4);
    this.#running?.[Symbol.dispose]();
    this.#running = new RunningDigest(this.hashName);
    this.#running.update(synthetic);
  }

  /** Every message so far, joined, as they were sent; in the hash a message_hash may stand for the first. */
  messages(): Uint8Array {
    return concatenate(this.#messages ?? []);
  }

  /** From here on only the hash is kept. */
  forgetMessages(): void {
    this.#messages = undefined;
  }

  [Symbol.dispose](): void {
    this.#running?.[Symbol.dispose]();
    this.#running = undefined;
    this.#messages = undefined;
  }
}
