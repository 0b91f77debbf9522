import { createHash, randomBytes } from "node:crypto";
import { concatenate } from "../../shared/codec/concatenate.ts";

/** The hashes of TLS signature schemes, by their names in node:crypto. */
export type PssHash = "sha256" | "sha384" | "sha512";

/** MGF1 (RFC 8017, Appendix B.2.1). */
export function mgf1(hash: PssHash, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let counter = 0, have = 0; have < length; counter++) {
    const suffix = new Uint8Array(4);
    new DataView(suffix.buffer).setUint32(0, counter);
    const block = createHash(hash).update(seed).update(suffix).digest();
    blocks.push(block);
    have += block.length;
  }
  return concatenate(blocks).subarray(0, length);
}

/**
 * EMSA-PSS-ENCODE (RFC 8017, Section 9.1.1) with MGF1 of the same hash and a salt as long as the hash: the padding
 * of a token that offers raw RSA alone.
 *
 * @param digest the message's hash
 * @param keyBits the modulus's length; the result has as many bytes as the modulus, with a leading zero where
 *   the encoded message is a byte shorter
 */
export function pssEncode(
  hash: PssHash,
  digest: Uint8Array,
  keyBits: number,
  salt: Uint8Array = randomBytes(digest.length),
): Uint8Array {
  const encodedBits = keyBits - 1;
  const encodedLength = Math.ceil(encodedBits / 8);
  const dataLength = encodedLength - digest.length - 1;
  const h = createHash(hash).update(new Uint8Array(8)).update(digest).update(salt).digest();
  const data = new Uint8Array(dataLength);
  data[dataLength - salt.length - 1] = 0x01;
  data.set(salt, dataLength - salt.length);
  const mask = mgf1(hash, h, dataLength);
  for (let i = 0; i < dataLength; i++) data[i]! ^= mask[i]!;
  data[0]! &= 0xff >> (8 * encodedLength - encodedBits);
  const padding = new Uint8Array(Math.ceil(keyBits / 8) - encodedLength);
  return concatenate([padding, data, h, Uint8Array.of(0xbc)]);
}
