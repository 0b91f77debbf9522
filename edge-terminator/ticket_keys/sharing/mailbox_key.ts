import { EphemeralKeyPair } from "../../../shared/libcrypto/key_agreement.ts";

/** Milliseconds for which messages under the key pair before are still opened: they were under way. */
const overlap = 60_000;

/**
 * The key pair that siblings seal to, renewed now and then: with the old private key gone, no record of old messages
 * opens, whatever becomes of this process later.
 */
export class MailboxKey implements Disposable {
  #current = EphemeralKeyPair.generate("x25519");
  #madeAt: number;
  #before: EphemeralKeyPair | undefined;

  constructor(now: number) {
    this.#madeAt = now;
  }

  get publicKey(): Uint8Array {
    return this.#current.publicKey;
  }

  /** The newest first. */
  get keyPairs(): readonly EphemeralKeyPair[] {
    return this.#before === undefined ? [this.#current] : [this.#current, this.#before];
  }

  /** Renews a key pair that is `interval` old. Says whether it did. */
  renew(now: number, interval: number): boolean {
    const age = now - this.#madeAt;
    if (this.#before !== undefined && age >= Math.min(overlap, interval)) {
      this.#before[Symbol.dispose]();
      this.#before = undefined;
    }
    if (age < interval) return false;
    this.#before = this.#current;
    this.#current = EphemeralKeyPair.generate("x25519");
    this.#madeAt = now;
    return true;
  }

  [Symbol.dispose](): void {
    for (const keyPair of this.keyPairs) keyPair[Symbol.dispose]();
    this.#before = undefined;
  }
}
