/**
 * One record of the log, a line of text:
 *
 *    JSON | TAB | 64 hexadecimal digits | LF
 *
 * The digits are SHA-256 of the 32 bytes of the line before's digits and this line's JSON. So each line vouches for all
 * before it, and a byte that is changed, left out or moved shows at its line.
 */
import { z } from "zod";
import { digest } from "../../shared/libcrypto/digest.ts";

/** What the first line of all follows. */
export const genesisHash: Uint8Array = digest("sha256", new TextEncoder().encode("holdfast audit log 1"));

/** Longest line that is written or read, in bytes. */
export const maximumLineBytes = 1 << 20;

const hashDigits = 64;
const tab = 0x09;
const lineFeed = 0x0a;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** What every record has; the rest depends on its kind. */
const headSchema = z.looseObject({
  n: z.int().min(1),
  at: z.iso.datetime({ precision: 3 }),
  kind: z.string().min(1),
});

/** A record as read: its number from 1, when it was written, its kind, and what the kind says. */
export type AuditRecord = z.infer<typeof headSchema>;

export interface ChainedLine {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

/** A line that follows the one with the hash `previous`. `record` is what JSON can carry. */
export function chainLine(previous: Uint8Array, record: AuditRecord): ChainedLine {
  const json = encoder.encode(JSON.stringify(record));
  const hash = digest("sha256", previous, json);
  const bytes = new Uint8Array(json.length + 1 + hashDigits + 1);
  bytes.set(json);
  bytes[json.length] = tab;
  bytes.set(encoder.encode(hash.toHex()), json.length + 1);
  bytes[bytes.length - 1] = lineFeed;
  return { bytes, hash };
}

/** A line without its LF, held against the one before. */
export function readChainedLine(
  previous: Uint8Array,
  line: Uint8Array,
): { readonly record: AuditRecord; readonly hash: Uint8Array } | { readonly damage: string } {
  const end = line.length - hashDigits - 1;
  if (end < 2 || line[end] !== tab) return { damage: "it is no record and hash" };
  const json = line.subarray(0, end);
  const hash = digest("sha256", previous, json);
  if (!sameBytes(encoder.encode(hash.toHex()), line.subarray(end + 1))) {
    return { damage: "its hash does not follow from it and the line before" };
  }
  try {
    return { record: headSchema.parse(JSON.parse(decoder.decode(json))), hash };
  } catch {
    return { damage: "it is chained, and no record" };
  }
}

/** Nothing here is secret: no constant time. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
