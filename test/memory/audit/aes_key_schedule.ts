import { Buffer } from "node:buffer";
import { createCipheriv } from "node:crypto";

/** The S-box of FIPS 197, computed: the inverse in GF(2^8), then the affine map. */
function makeSubstitution(): Uint8Array {
  const box = new Uint8Array(256);
  let p = 1;
  let q = 1;
  do {
    p = p ^ (p << 1 & 0xff) ^ (p & 0x80 ? 0x1b : 0); // times 3
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if (q & 0x80) q ^= 0x09; // divided by 3
    const rotated = (by: number) => (q << by | q >> 8 - by) & 0xff;
    box[p] = q ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63;
  } while (p !== 1);
  box[0] = 0x63;
  return box;
}

const substitution = makeSubstitution();

/** The round keys of an AES key, 16 bytes each (FIPS 197, Section 5.2). The first are the key itself. */
export function roundKeys(key: Uint8Array): Uint8Array[] {
  const words = key.length / 4;
  const rounds = words + 6;
  const schedule = new Uint8Array(16 * (rounds + 1));
  schedule.set(key);
  let roundConstant = 1;
  for (let index = words; index < 4 * (rounds + 1); index++) {
    const word = schedule.slice(4 * (index - 1), 4 * index);
    if (index % words === 0) {
      word.set([word[1]!, word[2]!, word[3]!, word[0]!].map((byte) => substitution[byte]!));
      word[0]! ^= roundConstant;
      roundConstant = roundConstant << 1 ^ (roundConstant & 0x80 ? 0x11b : 0);
    } else if (words > 6 && index % words === 4) {
      word.set(word.map((byte) => substitution[byte]!));
    }
    for (let byte = 0; byte < 4; byte++) {
      schedule[4 * index + byte] = schedule[4 * (index - words) + byte]! ^ word[byte]!;
    }
  }
  return Array.from({ length: rounds + 1 }, (_, round) => schedule.slice(16 * round, 16 * round + 16));
}

/** GCM's hash key: the encryption of the zero block (NIST SP 800-38D, Section 7.1). */
export function gcmHashKey(key: Uint8Array): Uint8Array {
  const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  return new Uint8Array(cipher.update(Buffer.alloc(16)));
}
