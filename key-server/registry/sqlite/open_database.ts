import { DatabaseSync } from "node:sqlite";
import { RegistryFileError } from "./file_error.ts";
import { applicationId, hasForeignParts, migrate, schemaVersion } from "./schema.ts";

/** The bits of a file's mode that let its group or others in. */
const strangersBits = 0o077;

/** A registry that lives as long as the process. */
export const inMemory = ":memory:";

/**
 * Opens a registry's file, makes it when it is not there, and brings its schema up to date. The file belongs to this
 * process alone until it is closed. Throws RegistryFileError for a file that is in use, damaged, open to others, of
 * another program or of a newer Holdfast; it is left as it was.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== inMemory) ownFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    prepare(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof RegistryFileError
      ? error
      : new RegistryFileError(path, reasonOf(error), { cause: error });
  }
}

/** A number that a PRAGMA answers with. */
export function pragmaNumber(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** SQLite would make it with the mode that umask leaves; its WAL gets the mode of the database. */
function ownFile(path: string): void {
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
    return;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new RegistryFileError(path, reasonOf(error), { cause: error });
    }
  }
  // Never opened here: closing a descriptor of it would end the locks that this process has on it (fcntl(2)).
  const mode = Deno.statSync(path).mode ?? 0;
  if ((mode & strangersBits) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, "0");
    throw new RegistryFileError(path, `its mode is ${shown}, so others may have changed it; expected 0600`);
  }
}

function prepare(database: DatabaseSync, path: string): void {
  // Exclusive before the first look: a second key server on the file is refused, and so is a restore over a running one.
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL");
  const version = pragmaNumber(database, "user_version");
  const isNew = version === 0 && pragmaNumber(database, "page_count") === 0;
  if (!isNew && pragmaNumber(database, "application_id") !== applicationId) {
    throw new RegistryFileError(path, "it is a database of something else");
  }
  if (hasForeignParts(database)) {
    throw new RegistryFileError(path, "it has triggers or views, which no registry has");
  }
  if (version > schemaVersion) {
    const versions = `its schema is version ${version}, this software knows up to ${schemaVersion}`;
    throw new RegistryFileError(path, `a newer Holdfast has written it: ${versions}`);
  }
  if (path !== inMemory) database.exec("PRAGMA journal_mode = WAL");
  // An exclusive lock is taken by the first write only, and reading comes before.
  database.exec("BEGIN IMMEDIATE; COMMIT");
  const [finding] = database.prepare("PRAGMA integrity_check(1)").all();
  const verdict = Object.values(finding ?? {})[0];
  if (verdict !== "ok") throw new RegistryFileError(path, `it is damaged: ${verdict}`);
  migrate(database, version);
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "its folder does not exist";
  const message = error instanceof Error ? error.message : "unknown failure";
  // Deno's node:sqlite tells SQLITE_BUSY by SQLite's words alone.
  return message === "database is locked" ? "another process uses it" : message;
}
