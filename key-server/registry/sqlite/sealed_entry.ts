import { createHash } from "node:crypto";
import type { Change, HistoryEntry } from "../registry.ts";

/** A transaction as it stands in the database, and as replicas take it over byte by byte. */
export interface SealedEntry {
  readonly version: number;
  /** An instant in UTC, as Date.prototype.toISOString writes it. */
  readonly at: string;
  readonly author: string;
  readonly reason: string;
  /** JSON of Change[]. */
  readonly changes: string;
  /** Of this transaction and all before it, hexadecimal: two registries with the same one have the same history. */
  readonly digest: string;
}

/** SHA-256 over the digest before (the genesis before the first) and the transaction. */
export function digestAfter(before: string, entry: Omit<SealedEntry, "digest">): string {
  const { version, at, author, reason, changes } = entry;
  const content = JSON.stringify([before, version, at, author, reason, changes]);
  return createHash("sha256").update(content).digest("hex");
}

/** The transaction as programs read it. */
export function opened({ version, at, author, reason, changes }: SealedEntry): HistoryEntry {
  return { version, at: new Date(at), author, reason, changes: JSON.parse(changes) as Change[] };
}
