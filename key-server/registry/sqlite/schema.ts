import type { DatabaseSync } from "node:sqlite";

/** "Hfrg": says that a SQLite file is a registry of ours. */
export const applicationId = 0x48667267;

/** What brings a database from each version of the schema (`PRAGMA user_version`) to the next; 0 is an empty file. */
const migrations: readonly string[] = [
  `
  CREATE TABLE lineage (id TEXT NOT NULL, genesis TEXT NOT NULL) STRICT;
  CREATE TABLE history (
    version INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    author  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    changes TEXT NOT NULL,
    digest  TEXT NOT NULL
  ) STRICT;
  CREATE TABLE entity (
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** The version of the schema that this software writes. */
export const schemaVersion = migrations.length;

/** Whether the file has more than tables: a trigger in a file that somebody hands over would run with our writes. */
export function hasForeignParts(database: DatabaseSync): boolean {
  const sql = "SELECT 1 FROM sqlite_schema WHERE type NOT IN ('table', 'index') LIMIT 1";
  return database.prepare(sql).get() !== undefined;
}

/** As `Registry.lineage` says. */
export function newLineage(): string {
  return `${new Date().toISOString()}-${crypto.getRandomValues(new Uint8Array(8)).toHex()}`;
}

/** Runs what is missing, in one transaction. `version` is at most `schemaVersion`. */
export function migrate(database: DatabaseSync, version: number): void {
  if (version === schemaVersion) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const sql of migrations.slice(version)) database.exec(sql);
    if (version === 0) {
      const id = newLineage();
      database.prepare("INSERT INTO lineage VALUES (?, ?)").run(id, id);
    }
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
