import { DatabaseSync } from "node:sqlite";
import type { RegistryState } from "../registry.ts";
import { RegistryFileError } from "./file_error.ts";
import { pragmaNumber } from "./open_database.ts";
import { RegistryTables } from "./registry_tables.ts";
import { applicationId, hasForeignParts, migrate, schemaVersion } from "./schema.ts";

const what = "the backup";
/** What every file of SQLite begins with; of one in WAL mode, these two bytes say so, and a database in memory has none. */
const magic = new TextEncoder().encode("SQLite format 3\0");
const journalModeOffset = 18;
const withoutWal = 1;

/**
 * The state in a registry's snapshot, after a look at the whole history in it. Throws RegistryFileError for bytes that are
 * damaged, altered, or none of a registry.
 */
export function readSnapshot(bytes: Uint8Array): RegistryState {
  if (bytes.length < 100 || !magic.every((byte, index) => bytes[index] === byte)) {
    throw new RegistryFileError(what, "it is no file of SQLite");
  }
  const copy = new Uint8Array(bytes);
  copy.fill(withoutWal, journalModeOffset, journalModeOffset + 2);
  const database = new DatabaseSync(":memory:");
  try {
    database.deserialize(copy);
    if (pragmaNumber(database, "application_id") !== applicationId) {
      throw new RegistryFileError(what, "it is a database of something else");
    }
    if (hasForeignParts(database)) {
      throw new RegistryFileError(what, "it has triggers or views, which no registry has");
    }
    const version = pragmaNumber(database, "user_version");
    if (version > schemaVersion) throw new RegistryFileError(what, "a newer Holdfast has written it");
    const verdict = Object.values(database.prepare("PRAGMA integrity_check(1)").get() ?? {})[0];
    if (verdict !== "ok") throw new RegistryFileError(what, `it is damaged: ${verdict}`);
    migrate(database, version);
    return new RegistryTables(database).load(what);
  } catch (error) {
    if (error instanceof RegistryFileError) throw error;
    const reason = error instanceof Error ? error.message : "unknown failure";
    throw new RegistryFileError(what, `it is damaged: ${reason}`, { cause: error });
  } finally {
    database.close();
  }
}
