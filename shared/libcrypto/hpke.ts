import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { aeadKeyLength, aeadNonceLength, aeadTagLength, keyAead, recordNonce } from "./aead.ts";
import { HpkeError } from "./errors.ts";
import { type HpkeAead, type HpkeSuite, hpkeSuite, labeledExpand, labeledExtract } from "./hpke_labels.ts";
import {
  decapsulateShared,
  decapsulateSharedFrom,
  encapsulateShared,
  encapsulateSharedFrom,
} from "./hpke_kem.ts";
import { EphemeralKeyPair } from "./key_agreement.ts";

export type { HpkeAead };

/** What both ends of one HPKE message agree on besides the recipient's key (RFC 9180, Section 6.1). */
export interface HpkeBinding {
  readonly aead: HpkeAead;
  /** Application context that goes into the keys. */
  readonly info: Uint8Array;
  /** Authenticated with the message, not encrypted. */
  readonly aad: Uint8Array;
}

/** What travels: the sender's ephemeral public key (32 bytes), and the ciphertext with its tag. */
export interface HpkeMessage {
  readonly encapsulatedKey: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
}

/**
 * Encrypts one secret to a recipient's X25519 key (RFC 9180, Section 6.1, SealBase). The plaintext stays in the pool.
 *
 * @throws {KeyAgreementError} when the recipient's key is degenerate
 */
export function hpkeSeal(
  pool: LockedPool,
  recipientPublicKey: Uint8Array,
  binding: HpkeBinding,
  plaintext: Secret,
): HpkeMessage {
  using ephemeral = EphemeralKeyPair.generate("x25519");
  using context = HpkeContext.forSender(pool, ephemeral, recipientPublicKey, binding);
  return { encapsulatedKey: ephemeral.publicKey, ciphertext: context.seal(binding.aad, plaintext.bytes) };
}

/**
 * Decrypts one secret into the pool (RFC 9180, Section 6.1, OpenBase).
 *
 * @param recipient an x25519 key pair
 * @throws {KeyAgreementError} when the encapsulated key is degenerate
 * @throws {HpkeError} when the message was not sealed for this key under this binding
 */
export function hpkeOpen(
  pool: LockedPool,
  recipient: EphemeralKeyPair,
  binding: HpkeBinding,
  message: { readonly encapsulatedKey: Uint8Array; readonly ciphertext: Uint8Array },
): Secret {
  using context = HpkeContext.forRecipient(pool, recipient, message.encapsulatedKey, binding);
  return context.open(pool, binding.aad, message.ciphertext);
}

/**
 * An encryption context in base or auth mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and an AEAD (RFC 9180, Section 5). Each
 * message uses the next sequence number. Key and base nonce are in the pool: dispose it.
 */
export class HpkeContext implements Disposable {
  readonly #suite: HpkeSuite;
  readonly #key: Secret;
  readonly #baseNonce: Secret;
  #sequence = 0;

  private constructor(suite: HpkeSuite, key: Secret, baseNonce: Secret) {
    this.#suite = suite;
    this.#key = key;
    this.#baseNonce = baseNonce;
  }

  /** SetupBaseS. The ephemeral key pair must serve this one context only; its public key is the encapsulated key. */
  static forSender(
    pool: LockedPool,
    ephemeral: EphemeralKeyPair,
    recipientPublicKey: Uint8Array,
    { aead, info }: Pick<HpkeBinding, "aead" | "info">,
  ): HpkeContext {
    using sharedSecret = encapsulateShared(pool, ephemeral, recipientPublicKey);
    return HpkeContext.#schedule(pool, { aead, info, mode: modeBase }, sharedSecret);
  }

  /** SetupAuthS: the recipient sees that it is from `sender`, whose key pair may serve for many messages. */
  static forKnownSender(
    pool: LockedPool,
    ephemeral: EphemeralKeyPair,
    sender: EphemeralKeyPair,
    recipientPublicKey: Uint8Array,
    { aead, info }: Pick<HpkeBinding, "aead" | "info">,
  ): HpkeContext {
    using sharedSecret = encapsulateSharedFrom(pool, ephemeral, sender, recipientPublicKey);
    return HpkeContext.#schedule(pool, { aead, info, mode: modeAuth }, sharedSecret);
  }

  /** SetupAuthR. */
  static fromKnownSender(
    pool: LockedPool,
    recipient: EphemeralKeyPair,
    senderPublicKey: Uint8Array,
    encapsulatedKey: Uint8Array,
    { aead, info }: Pick<HpkeBinding, "aead" | "info">,
  ): HpkeContext {
    using sharedSecret = decapsulateSharedFrom(pool, recipient, encapsulatedKey, senderPublicKey);
    return HpkeContext.#schedule(pool, { aead, info, mode: modeAuth }, sharedSecret);
  }

  /** SetupBaseR. */
  static forRecipient(
    pool: LockedPool,
    recipient: EphemeralKeyPair,
    encapsulatedKey: Uint8Array,
    { aead, info }: Pick<HpkeBinding, "aead" | "info">,
  ): HpkeContext {
    using sharedSecret = decapsulateShared(pool, recipient, encapsulatedKey);
    return HpkeContext.#schedule(pool, { aead, info, mode: modeBase }, sharedSecret);
  }

  /** KeySchedule of the modes without a pre-shared key (RFC 9180, Section 5.1). */
  static #schedule(
    pool: LockedPool,
    { aead, info, mode }: { readonly aead: HpkeAead; readonly info: Uint8Array; readonly mode: number },
    sharedSecret: Secret,
  ): HpkeContext {
    const suite = hpkeSuite(aead);
    using pskIdHash = labeledExtract(pool, suite.id, undefined, "psk_id_hash", new Uint8Array(0));
    using infoHash = labeledExtract(pool, suite.id, undefined, "info_hash", info);
    const scheduleContext = Uint8Array.of(
      mode,
      ...pskIdHash.reveal("a hash of a constant"),
      ...infoHash.reveal("a hash of public information"),
    );
    using secret = labeledExtract(pool, suite.id, sharedSecret, "secret", new Uint8Array(0));
    const key = labeledExpand(pool, suite.id, secret, "key", scheduleContext, aeadKeyLength[aead]);
    try {
      const nonce = labeledExpand(pool, suite.id, secret, "base_nonce", scheduleContext, aeadNonceLength);
      return new HpkeContext(suite, key, nonce);
    } catch (error) {
      key[Symbol.dispose]();
      throw error;
    }
  }

  /** Context.Seal(aad, pt): the ciphertext with its tag. */
  seal(aad: Uint8Array, plaintext: Uint8Array): Uint8Array<ArrayBuffer> {
    const output = new Uint8Array(plaintext.length + aeadTagLength);
    const nonce = this.#nextNonce();
    using aead = keyAead(this.#suite.aead, this.#key, "seal");
    aead.seal(nonce, aad, plaintext, output);
    nonce.fill(0);
    return output;
  }

  /**
   * Context.Open(aad, ct) into the pool. A message that does not open leaves the sequence number as it was.
   *
   * @throws {HpkeError} when the message is no sealed one of this context at this place of the sequence
   */
  open(pool: LockedPool, aad: Uint8Array, ciphertext: Uint8Array): Secret {
    const length = ciphertext.length - aeadTagLength;
    if (length < 1) throw new HpkeError("the ciphertext is too short");
    const nonce = this.#nextNonce();
    const plaintext = pool.rent(length);
    try {
      using aead = keyAead(this.#suite.aead, this.#key, "open");
      if (aead.open(nonce, aad, ciphertext, plaintext.bytes) === length) return plaintext;
      throw new HpkeError("it was not sealed for this key, or has been changed");
    } catch (error) {
      plaintext[Symbol.dispose]();
      this.#sequence--;
      throw error;
    } finally {
      nonce.fill(0);
    }
  }

  /**
   * ComputeNonce and IncrementSeq (RFC 9180, Section 5.2); a double counts exactly, farther than any use goes. The
   * caller zeroes it after use: the first one is the base nonce.
   */
  #nextNonce(): Uint8Array {
    if (this.#sequence >= Number.MAX_SAFE_INTEGER) {
      throw new HpkeError("the context has sealed its last message");
    }
    const nonce = new Uint8Array(aeadNonceLength);
    recordNonce(this.#baseNonce, this.#sequence++, nonce);
    return nonce;
  }

  [Symbol.dispose](): void {
    this.#key[Symbol.dispose]();
    this.#baseNonce[Symbol.dispose]();
  }
}

const modeBase = 0;
const modeAuth = 2;
