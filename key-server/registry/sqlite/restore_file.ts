import { existsSync } from "node:fs";
import { RegistryFileError } from "./file_error.ts";
import { openDatabase } from "./open_database.ts";
import { RegistryTables } from "./registry_tables.ts";
import { newLineage } from "./schema.ts";
import { writeSnapshot } from "./snapshot_file.ts";

/** What was put back. */
export interface RestoredFile {
  readonly version: number;
  /** Where the registry from before is now; undefined: there was none. */
  readonly former: string | undefined;
}

/**
 * Puts a backup in a registry's place while no key server runs on it. The backup is looked at whole before anything is
 * touched, and gets a lineage of its own, so that edges do not take its versions for what they have. What was there is kept
 * beside it, damaged or not. Throws RegistryFileError, also while the registry is in use.
 */
export async function restoreFile(backup: string, path: string): Promise<RestoredFile> {
  const prepared = `${path}.restoring`;
  await Deno.remove(prepared).catch(() => {});
  try {
    await writeSnapshot(prepared, await readBackup(backup));
    const version = renewLineage(prepared);
    refuseInUse(path);
    const former = await setAside(path);
    await Deno.rename(prepared, path);
    return { version, former };
  } finally {
    await Deno.remove(prepared).catch(() => {});
  }
}

async function readBackup(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (cause) {
    throw new RegistryFileError(file, "it cannot be read", { cause });
  }
}

/** Also what proves that it is a whole registry; closing it leaves no WAL behind. */
function renewLineage(path: string): number {
  const database = openDatabase(path);
  try {
    const tables = new RegistryTables(database);
    const { version } = tables.load(path);
    tables.adopt(newLineage(), tables.genesis);
    return version;
  } finally {
    database.close();
  }
}

/** Opening also writes back what its WAL has. One that is damaged is in nobody's use. */
function refuseInUse(path: string): void {
  if (!existsSync(path)) return;
  try {
    openDatabase(path).close();
  } catch (error) {
    if (error instanceof RegistryFileError && /another process uses it/.test(error.message)) throw error;
  }
}

async function setAside(path: string): Promise<string | undefined> {
  const stat = await Deno.lstat(path).catch(() => undefined);
  if (stat === undefined) return undefined;
  const former = `${path}.before-${new Date().toISOString().replaceAll(":", "")}`;
  await Deno.rename(path, former);
  for (const suffix of ["-wal", "-shm"]) await Deno.rename(path + suffix, former + suffix).catch(() => {});
  return former;
}
