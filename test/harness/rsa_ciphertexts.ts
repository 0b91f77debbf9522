import { constants, createPublicKey, type KeyObject, publicEncrypt, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";

/** What a client may put into EncryptedPreMasterSecret; only the first is right. */
export const ciphertextClasses = [
  "good",
  "bad padding",
  "wrong version",
  "wrong length",
  "unpadded garbage",
] as const;
export type CiphertextClass = typeof ciphertextClasses[number];

const premasterLength = 48;
const version = [3, 3];

/** An RSA public key as an attacker has it, from a certificate: makes ciphertexts of every kind. */
export class RsaEncrypter {
  readonly #key: KeyObject;
  /** Bytes of the modulus. */
  readonly length: number;
  readonly modulus: Uint8Array;

  constructor(subjectPublicKeyInfo: Uint8Array) {
    this.#key = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: "der", type: "spki" });
    const { n = "" } = this.#key.export({ format: "jwk" });
    this.modulus = Uint8Array.fromBase64(n, { alphabet: "base64url" });
    this.length = this.modulus.length;
  }

  /** Raw RSA of a whole block, which is a number below the modulus. */
  encryptBlock(block: Uint8Array): Uint8Array {
    return new Uint8Array(publicEncrypt({ key: this.#key, padding: constants.RSA_NO_PADDING }, block));
  }

  /** RSAES-PKCS1-v1_5 (RFC 8017, Section 7.2.1). */
  encrypt(premaster: Uint8Array): Uint8Array {
    return this.encryptBlock(padded(this.length, premaster));
  }

  /** A new ciphertext of a class, always as long as the modulus. */
  ofClass(kind: CiphertextClass): Uint8Array {
    return this.encryptBlock(blockOf(kind, this.length));
  }
}

/** A premaster as RFC 5246, Section 7.4.7.1 has it, of a TLS 1.2 client. */
export function randomPremaster(length = premasterLength): Uint8Array {
  const premaster = new Uint8Array(randomBytes(length));
  premaster.set(version.slice(0, length));
  return premaster;
}

/** The block before encryption. */
export function blockOf(kind: CiphertextClass, length: number): Uint8Array {
  switch (kind) {
    case "good":
      return padded(length, randomPremaster());
    case "bad padding":
      return pick(badPaddings)(padded(length, randomPremaster()));
    case "wrong version": {
      const premaster = randomPremaster();
      premaster.set(pick([[3, 2], [3, 4], [2, 3], [0, 0], [0xff, 0xff]]));
      return padded(length, premaster);
    }
    case "wrong length":
      return padded(length, randomPremaster(pick([0, 1, 2, 32, 46, 47, 49, 50, 64, 128])));
    case "unpadded garbage": {
      const block = new Uint8Array(randomBytes(length));
      // Below every modulus of this length, and not well padded by accident.
      block[0]! &= 0x7f;
      return block.with(1, block[1] === 2 ? 3 : block[1]!);
    }
  }
}

const badPaddings: readonly ((good: Uint8Array) => Uint8Array)[] = [
  (good) => good.with(0, 1),
  (good) => good.with(1, 1),
  (good) => good.with(1, 0),
  (good) => good.with(2, 0),
  (good) => good.with(good.length - premasterLength - 2, 0),
  (good) => good.with(2 + Math.floor(Math.random() * (good.length - premasterLength - 3)), 0),
  (good) => good.with(good.length - premasterLength - 1, 0x7f),
];

function padded(length: number, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(length);
  const padding = length - message.length - 3;
  block.set([0, 2]);
  for (let i = 2; i < 2 + padding; i++) block[i] = 1 + Math.floor(Math.random() * 255);
  block.set(message, length - message.length);
  return block;
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}
