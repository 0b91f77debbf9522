import { hmacInto } from "../../shared/libcrypto/hmac.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import type { DecryptedBlock } from "../token/rsa_decryption.ts";

/** RFC 5246, Section 7.4.7.1: client_version and 46 random bytes. */
export const premasterLength = 48;

/**
 * 0xff when the block is 00 02, padding without a zero, 00, and a premaster that begins with the version (RFC 8017,
 * Section 7.2.2; RFC 5246, Section 7.4.7.1), else 0.
 *
 * What is read and in which order depends on the block's length alone: the premaster's length is fixed, so is its
 * place. No branch and no index depends on a byte, and every value is a small integer, which V8 computes with in
 * the same instructions whatever it is, in its interpreter as in compiled code.
 */
export function conformityMask(block: Uint8Array, clientVersion: number): number {
  const start = block.length - premasterLength;
  let wrong = block[0]! | (block[1]! ^ 2) | block[start - 1]!;
  for (let i = 2; i < start - 1; i++) wrong |= isZero(block[i]!);
  wrong |= block[start]! ^ (clientVersion >> 8);
  wrong |= block[start + 1]! ^ (clientVersion & 0xff);
  return ((wrong - 1) >> 8) & 0xff;
}

/** 1 for 0, and 0 for 1 to 255. */
function isZero(byte: number): number {
  return ((byte - 1) >> 8) & 1;
}

/**
 * The premaster that a client is answered with: its own, or where anything is wrong with it one made of the key's
 * rejection secret and all that the outcome depends on, so that each request has one answer, for ever, and no two
 * requests share theirs because both were refused. Both are always computed. The caller owns the result.
 */
export function choosePremaster(
  memory: LockedPool,
  { block, acceptable }: DecryptedBlock,
  rejectionSecret: Secret,
  { clientVersion, ciphertext }: { readonly clientVersion: number; readonly ciphertext: Uint8Array },
): Secret {
  const premaster = memory.rent(premasterLength);
  try {
    const version = Uint8Array.of(clientVersion >> 8, clientVersion);
    hmacInto(premaster, "sha384", rejectionSecret, version, ciphertext);
    const own = conformityMask(block.bytes, clientVersion) & (acceptable ? 0xff : 0);
    overwriteMasked(premaster.bytes, block.bytes.subarray(block.length - premasterLength), own);
    return premaster;
  } catch (error) {
    premaster[Symbol.dispose]();
    throw error;
  }
}

/** Takes the bits of `source` where the mask has ones; every byte is read and written either way. */
function overwriteMasked(target: Uint8Array, source: Uint8Array, mask: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i]! & ~mask) | (source[i]! & mask);
}
