import { Buffer } from "node:buffer";
import { constants, publicEncrypt, randomBytes } from "node:crypto";
import { constantTimeEqual } from "../../shared/libcrypto/constant_time.ts";
import { hkdfExtract } from "../../shared/libcrypto/hkdf.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { TokenError } from "./errors.ts";
import { mgf1 } from "./pss_padding.ts";
import type { PublicKey } from "./public_key.ts";
import type { TokenKey } from "./token_key.ts";

const neverLate = () => false;
const rejectionLabel = new TextEncoder().encode("holdfast/1 rsa-key-exchange rejection secret");

/** What RSADP made of a ciphertext. Dispose the block. */
export interface DecryptedBlock {
  /** As long as the modulus: an encoded message, or anything. */
  readonly block: Secret;
  /** False for a ciphertext that nobody who encrypts would make, which everybody can see of it: refuse it. */
  readonly acceptable: boolean;
}

/**
 * An RSA key that decrypts for TLS 1.2's RSA key exchange, and the secret that bad ciphertexts are answered with.
 *
 * The rejection secret has to be the same wherever the key is, after a restart too, and known to nobody who cannot use
 * the key anyhow. It is a hash of the private operation on one block that belongs to the key: RSADP has no choice in
 * it, and nobody can predict it without the key. See DESIGN.md for why no request yields it.
 */
export class RsaDecryption implements Disposable {
  readonly #key: TokenKey;
  readonly #memory: LockedPool;
  readonly #modulusLessOne: Uint8Array;
  readonly #rejectionBlock: Uint8Array;
  readonly rejectionSecret: Secret;
  #inUse = 0;
  #disposed = false;
  #released = false;

  private constructor(
    key: TokenKey,
    memory: LockedPool,
    modulusLessOne: Uint8Array,
    rejectionBlock: Uint8Array,
    rejectionSecret: Secret,
  ) {
    this.#key = key;
    this.#memory = memory;
    this.#modulusLessOne = modulusLessOne;
    this.#rejectionBlock = rejectionBlock;
    this.rejectionSecret = rejectionSecret;
  }

  /**
   * Proves that the token decrypts with the key and gives whole blocks whatever is in them; then derives the rejection
   * secret. `memory` has blocks as long as the modulus. Throws TokenError, or what the pool throws.
   */
  static async open(key: TokenKey, memory: LockedPool): Promise<RsaDecryption> {
    if (key.publicKey.keyType !== "rsa") {
      throw new TokenError("Cannot decrypt with the key: it is no RSA key");
    }
    await proveDecryption(key, memory, fronts);
    const modulus = modulusOf(key.publicKey);
    const rejectionBlock = rejectionBlockOf(key.publicKey, modulus.length);
    using secretBlock = await key.decryptRaw(rejectionBlock, memory, neverLate);
    const rejectionSecret = hkdfExtract(memory, "sha256", rejectionLabel, secretBlock);
    // A modulus is odd.
    const modulusLessOne = modulus.with(-1, modulus.at(-1)! - 1);
    return new RsaDecryption(key, memory, modulusLessOne, rejectionBlock, rejectionSecret);
  }

  /**
   * RSADP of what a client sent. What is not acceptable is replaced by a block that takes the token as long, and that
   * the caller must not use. `isLate` is asked before the token's work begins. Throws TokenError or KeylessError.
   */
  async decrypt(ciphertext: Uint8Array, isLate: () => boolean): Promise<DecryptedBlock> {
    const acceptable = this.#isAcceptable(ciphertext);
    const input = acceptable ? ciphertext : this.#rejectionBlock;
    return { block: await this.#key.decryptRaw(input, this.#memory, isLate), acceptable };
  }

  /** Runs an exchange, which has the rejection secret until its end even when this is disposed meanwhile. */
  async use<T>(exchange: () => Promise<T>): Promise<T> {
    this.#inUse++;
    try {
      return await exchange();
    } finally {
      this.#inUse--;
      this.#release();
    }
  }

  /** Whether the token still decrypts. Throws what failed. */
  async probe(): Promise<void> {
    await proveDecryption(this.#key, this.#memory, fronts.slice(0, 1));
  }

  /** At once, or with the last exchange under way. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#release();
  }

  #release(): void {
    if (!this.#disposed || this.#inUse > 0 || this.#released) return;
    this.#released = true;
    this.rejectionSecret[Symbol.dispose]();
  }

  /**
   * The range of RSADP in NIST SP 800-56B, Section 7.1.2.1: more than 1, less than n - 1; and not our own block. All of
   * it is public, so it may be decided in the open.
   */
  #isAcceptable(ciphertext: Uint8Array): boolean {
    const { length } = this.#modulusLessOne;
    return ciphertext.length === length &&
      Buffer.compare(ciphertext, new Uint8Array(length).with(-1, 1)) > 0 &&
      Buffer.compare(ciphertext, this.#modulusLessOne) < 0 &&
      Buffer.compare(ciphertext, this.#rejectionBlock) !== 0;
  }
}

function modulusOf({ verifier }: PublicKey): Uint8Array {
  return Uint8Array.fromBase64(verifier.export({ format: "jwk" }).n ?? "", { alphabet: "base64url" });
}

/**
 * A number below the modulus that looks random, the same for every holder of the key. It is no encoded message of a
 * signature scheme: those of RSASSA-PKCS1-v1_5 begin with 00 01, those of RSASSA-PSS end in bc (RFC 8017, Section 9).
 */
function rejectionBlockOf({ subjectPublicKeyInfo }: PublicKey, length: number): Uint8Array {
  const block = mgf1("sha256", Buffer.concat([rejectionLabel, subjectPublicKeyInfo]), length);
  block.set([0, 3]);
  block[length - 1] = 0;
  return block;
}

/** Blocks as good and bad clients make them: padded, garbage, and with zeros in front, which a token might drop. */
const fronts = [[0, 2], [0, 0x7f], [0, 0, 0, 0]];

async function proveDecryption(
  key: TokenKey,
  memory: LockedPool,
  fronts: readonly (readonly number[])[],
): Promise<void> {
  const { length } = modulusOf(key.publicKey);
  for (const front of fronts) {
    const known = randomBytes(length);
    known.set(front);
    const padding = constants.RSA_NO_PADDING;
    const ciphertext = publicEncrypt({ key: key.publicKey.verifier, padding }, known);
    using block = await key.decryptRaw(new Uint8Array(ciphertext), memory, neverLate);
    if (!constantTimeEqual(block.bytes, known)) {
      throw new TokenError("Cannot decrypt with the key: the token's answer is not what was encrypted");
    }
  }
}
