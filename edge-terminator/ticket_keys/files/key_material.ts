import { hkdfExpand, hkdfExtract } from "../../../shared/libcrypto/hkdf.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { type TicketKey, ticketKeyLength } from "../../tls/tickets/ticket_key_provider.ts";

/** What one entry of a key file says: a public name of 16 bytes, and 32 or 64 bytes for two keys of other ciphers. */
export interface KeyMaterial extends Disposable {
  readonly name: Uint8Array;
  readonly material: Secret;
}

/** Bytes of an entry: name, then two keys of 16 or of 32 bytes. */
export const entryLengths = [48, 80] as const;

const info = new TextEncoder().encode("holdfast ticket key from a file 1");

/** Random bytes of this length have fewer distinct values than this once in 10^20 files or less. */
const fewestDistinctValues = 12;

/**
 * Why key material is no key, if so: all zeros, as where nobody ever made one (CVE-2020-13777), or a pattern. The value
 * of a weak key may be told; that of another is not looked at beyond counting.
 */
export function weaknessOf(material: Secret): string | undefined {
  const seen = new Uint8Array(256);
  for (const byte of material.bytes) seen[byte] = 1;
  const distinct = seen.reduce((sum, flag) => sum + flag, 0);
  seen.fill(0);
  if (distinct === 1 && material.bytes[0] === 0) return "its key is all zeros";
  return distinct < fewestDistinctValues ? "its key is a pattern, not random" : undefined;
}

/**
 * The key of our AEAD, by HKDF-SHA256 within the pool: extracted from all of the material with the name as salt.
 *
 * Whoever made the file meant AES-CBC and HMAC keys; ours is neither, so that no key serves two ciphers.
 */
export function deriveTicketKey(pool: LockedPool, { name, material }: KeyMaterial): TicketKey {
  using extracted = hkdfExtract(pool, "sha256", name, material);
  return { name, secret: hkdfExpand(pool, "sha256", extracted, info, ticketKeyLength) };
}
