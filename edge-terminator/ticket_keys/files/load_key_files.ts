import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { TicketKey } from "../../tls/tickets/ticket_key_provider.ts";
import { TicketKeyFileError } from "../errors.ts";
import { findByName } from "../key_search.ts";
import { readHaproxyKeys } from "./haproxy_key_file.ts";
import { deriveTicketKey, type KeyMaterial, weaknessOf } from "./key_material.ts";
import { readNginxKey } from "./nginx_key_file.ts";
import { type KeyFile, openKeyFile } from "./open_key_file.ts";

/** Whose layout a file of ticket keys has. */
export type KeyFileFormat = "nginx" | "haproxy";

/** Which files hold ticket keys, and how. */
export interface KeyFiles {
  readonly format: KeyFileFormat;
  /** Absolute paths. nginx: a key each, the first one seals. haproxy: one file. */
  readonly paths: readonly string[];
}

/** What the files said. `sealing` is among `keys`. */
export interface LoadedKeys extends Disposable {
  readonly keys: readonly TicketKey[];
  readonly sealing: TicketKey;
  /** When the file of the sealing key was written: milliseconds of the Unix epoch. */
  readonly sealingSince: number;
}

/** Of an HAProxy file the last three keys count (TLS_TICKETS_NO), and the one before the last seals. */
const haproxyKeys = 3;

/** Reads all files anew into the pool. Throws {@link TicketKeyFileError} with nothing left rented. */
export function loadKeyFiles(pool: LockedPool, { format, paths }: KeyFiles): LoadedKeys {
  const keys: TicketKey[] = [];
  const modifiedAt: number[] = [];
  try {
    for (const path of paths) {
      using file = openKeyFile(path);
      takeKeys(pool, file, format === "nginx" ? [readNginxKey(pool, file)] : lastKeys(pool, file), keys);
      modifiedAt.push(file.modifiedAt);
    }
  } catch (error) {
    for (const key of keys) key.secret[Symbol.dispose]();
    throw error;
  }
  return {
    keys,
    sealing: format === "nginx" ? keys[0]! : keys.at(-2)!,
    sealingSince: modifiedAt[0] ?? 0,
    [Symbol.dispose]: () => keys.forEach((key) => key.secret[Symbol.dispose]()),
  };
}

function lastKeys(pool: LockedPool, file: KeyFile): KeyMaterial[] {
  const last = readHaproxyKeys(pool, file, haproxyKeys);
  if (last.length === haproxyKeys) return last;
  for (const key of last) key[Symbol.dispose]();
  const reason =
    `it has ${last.length} keys; expected ${haproxyKeys} or more, the one before the last to seal with`;
  throw new TicketKeyFileError(file.path, reason);
}

/** Derives our keys from a file's, and zeroes those. */
function takeKeys(pool: LockedPool, file: KeyFile, found: readonly KeyMaterial[], keys: TicketKey[]): void {
  try {
    for (const entry of found) {
      const weakness = weaknessOf(entry.material);
      if (weakness !== undefined) throw new TicketKeyFileError(file.path, weakness);
      if (findByName(keys, entry.name) !== undefined) {
        throw new TicketKeyFileError(
          file.path,
          "a key has the name of an earlier one; names are random, 16 bytes",
        );
      }
      keys.push(deriveTicketKey(pool, entry));
    }
  } finally {
    for (const entry of found) entry[Symbol.dispose]();
  }
}
