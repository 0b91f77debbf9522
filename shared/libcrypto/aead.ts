import type { Secret } from "../memory/secret.ts";
import { addressOf, cString, libcrypto, type LibcryptoSymbols } from "./bindings.ts";
import { AeadBusyError, LengthError } from "./errors.ts";
import { forgetKeyThisTurn, type KeyedContext } from "./forget_keys.ts";
import { drainErrorQueue, mustExist, mustSucceed } from "./failure.ts";

/** The AEADs of TLS: RFC 5116 and RFC 8439. */
export type AeadName = "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";

/** Key length in bytes. */
export const aeadKeyLength: Readonly<Record<AeadName, number>> = {
  "aes-128-gcm": 16,
  "aes-256-gcm": 32,
  "chacha20-poly1305": 32,
};
/** Tag length in bytes, the expansion of a sealed message. */
export const aeadTagLength = 16;
/** Nonce length in bytes. */
export const aeadNonceLength = 12;

/** An AEAD keyed for a batch of records; disposing it has the key overwritten (see {@link forgetKeyThisTurn}). */
export interface KeyedAead extends Disposable {
  /**
   * Encrypts and authenticates.
   *
   * @param nonce 12 bytes, never used before with this key
   * @param output room for plaintext.length + 16 bytes; it may start where the plaintext does
   * @returns bytes written
   * @throws {LengthError}
   */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): number;
  /**
   * Checks and decrypts.
   *
   * @param output room for ciphertextAndTag.length - 16 bytes; it may start where the ciphertext does
   * @returns bytes written, or undefined for a bad tag: then the output is zeroed
   * @throws {LengthError}
   */
  open(
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertextAndTag: Uint8Array,
    output: Uint8Array,
  ): number | undefined;
}

const EVP_CTRL_AEAD_GET_TAG = 0x10;
const EVP_CTRL_AEAD_SET_TAG = 0x11;
const keepDirection = -1;

const opensslNames: Record<AeadName, string> = {
  "aes-128-gcm": "AES-128-GCM",
  "aes-256-gcm": "AES-256-GCM",
  "chacha20-poly1305": "ChaCha20-Poly1305",
};

/**
 * Keys the process's one context of this algorithm for a batch of records.
 *
 * OpenSSL keeps a context, and with it the expanded key, in its ordinary heap; a context for each connection would
 * put every live traffic key there. So there is one for each algorithm, and it must be given back (`using`) before
 * the event loop gets control: a second caller gets an error, not someone else's key.
 *
 * @throws {AeadBusyError} while another batch of the same algorithm is under way
 * @throws {LengthError} when the key has the wrong length
 */
export function keyAead(name: AeadName, key: Secret, direction: "seal" | "open"): KeyedAead {
  let context = contexts.get(name);
  if (context === undefined) contexts.set(name, context = new AeadContext(name));
  context.key(key, direction);
  return context;
}

/**
 * The nonce of a TLS record: the static IV with the sequence number added to its last 8 bytes by xor (RFC 8446,
 * Section 5.3; RFC 7905, Section 2). With the sequence number it tells the IV: the caller zeroes it after use.
 *
 * @param output 12 bytes
 */
export function recordNonce(iv: Secret, sequence: number | bigint, output: Uint8Array): void {
  const high = typeof sequence === "bigint" ? Number(sequence >> 32n) : Math.floor(sequence / 2 ** 32);
  const low = typeof sequence === "bigint" ? Number(sequence & 0xffffffffn) : sequence >>> 0;
  iv.copyInto(output);
  for (let index = 0; index < 4; index++) {
    const shift = 24 - 8 * index;
    output[4 + index]! ^= high >>> shift;
    output[8 + index]! ^= low >>> shift;
  }
}

const contexts = new Map<AeadName, AeadContext>();

class AeadContext implements KeyedAead, KeyedContext {
  readonly #name: AeadName;
  readonly #address: number;
  readonly #symbols: LibcryptoSymbols;
  readonly #written = new Int32Array(1);
  readonly #tag = new Uint8Array(aeadTagLength);
  #direction: "seal" | "open" | undefined;
  /** Of this batch, until its first nonce: both are set in one call. */
  #newKey: Secret | undefined;

  constructor(name: AeadName) {
    this.#name = name;
    this.#symbols = libcrypto();
    const cipher = mustExist(
      this.#symbols.EVP_CIPHER_fetch(0, cString(opensslNames[name]), null),
      `fetch ${name}`,
    );
    this.#address = mustExist(this.#symbols.EVP_CIPHER_CTX_new(), `make a context of ${name}`);
    mustSucceed(
      this.#symbols.EVP_CipherInit_ex2(this.#address, cipher, 0, null, 1, null),
      `set a context to ${name}`,
    );
  }

  key(key: Secret, direction: "seal" | "open"): void {
    if (this.#direction !== undefined) throw new AeadBusyError(this.#name);
    if (key.length !== aeadKeyLength[this.#name]) {
      throw new LengthError(`key ${this.#name}`, "the key", key.length, `${aeadKeyLength[this.#name]}`);
    }
    this.#newKey = key;
    this.#direction = direction;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): number {
    const total = plaintext.length + aeadTagLength;
    this.#check("seal", nonce, output, total);
    this.#start(nonce, aad);
    this.#process(plaintext, output);
    mustSucceed(this.#symbols.EVP_CipherFinal_ex(this.#address, this.#tag, this.#written), "seal");
    const tag = output.subarray(plaintext.length, total);
    mustSucceed(
      this.#symbols.EVP_CIPHER_CTX_ctrl(this.#address, EVP_CTRL_AEAD_GET_TAG, aeadTagLength, tag),
      "read a tag",
    );
    return total;
  }

  open(
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertextAndTag: Uint8Array,
    output: Uint8Array,
  ): number | undefined {
    const length = ciphertextAndTag.length - aeadTagLength;
    if (length < 0) return undefined; // too short to hold a tag: as good as a bad one
    this.#check("open", nonce, output, length);
    this.#tag.set(ciphertextAndTag.subarray(length));
    this.#start(nonce, aad);
    this.#process(ciphertextAndTag.subarray(0, length), output);
    mustSucceed(
      this.#symbols.EVP_CIPHER_CTX_ctrl(this.#address, EVP_CTRL_AEAD_SET_TAG, aeadTagLength, this.#tag),
      "set a tag",
    );
    if (this.#symbols.EVP_CipherFinal_ex(this.#address, this.#tag, this.#written) === 1) return length;
    drainErrorQueue();
    output.fill(0, 0, length);
    return undefined;
  }

  /** The batch is over; its key is overwritten before the event loop gets control. */
  [Symbol.dispose](): void {
    if (this.#direction === undefined) return;
    this.#direction = undefined;
    this.#newKey = undefined;
    forgetKeyThisTurn(this);
  }

  /** Overwrites the key, and by a dummy encryption the last block of key stream. */
  overwriteKey(): void {
    if (this.#direction !== undefined) return; // a batch is under way: its end asks again
    mustSucceed(
      this.#symbols.EVP_CipherInit_ex2(this.#address, 0, dummyKeyAddress(), dummyNonce, 1, null),
      `forget a key of ${this.#name}`,
    );
    this.#process(dummyBlock, dummyBlock);
  }

  #check(direction: "seal" | "open", nonce: Uint8Array, output: Uint8Array, length: number): void {
    if (this.#direction !== direction) {
      throw new TypeError(`Cannot ${direction} with ${this.#name}: it is not keyed for that`);
    }
    if (nonce.length !== aeadNonceLength) throw new LengthError(direction, "the nonce", nonce.length, "12");
    if (output.length < length) {
      throw new LengthError(direction, "the output", output.length, `${length} or more`);
    }
  }

  #start(nonce: Uint8Array, aad: Uint8Array): void {
    const { EVP_CipherInit_ex2 } = this.#symbols;
    if (this.#newKey === undefined) {
      mustSucceed(EVP_CipherInit_ex2(this.#address, 0, 0, nonce, keepDirection, null), "set a nonce");
    } else {
      const { address } = this.#newKey;
      this.#newKey = undefined;
      const encrypt = this.#direction === "seal" ? 1 : 0;
      mustSucceed(EVP_CipherInit_ex2(this.#address, 0, address, nonce, encrypt, null), `key ${this.#name}`);
    }
    if (aad.length > 0) this.#authenticate(aad);
  }

  #authenticate(aad: Uint8Array): void {
    const { EVP_CipherUpdate } = this.#symbols;
    mustSucceed(
      EVP_CipherUpdate(this.#address, null, this.#written, aad, aad.length),
      "authenticate additional data",
    );
  }

  #process(input: Uint8Array, output: Uint8Array): void {
    if (input.length === 0) return;
    const { EVP_CipherUpdate } = this.#symbols;
    mustSucceed(EVP_CipherUpdate(this.#address, output, this.#written, input, input.length), this.#name);
  }
}

const dummyNonce = new Uint8Array(aeadNonceLength);
const dummyBlock = new Uint8Array(1);
const dummyKey = new Uint8Array(32);
let dummyKeyPointer: number | undefined;

function dummyKeyAddress(): number {
  return dummyKeyPointer ??= Number(addressOf(dummyKey));
}
