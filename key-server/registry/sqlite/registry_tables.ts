import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type EntityKind, entityKinds } from "../entities.ts";
import { EntityState, targetOf } from "../entity_state.ts";
import type { Change } from "../registry.ts";
import { RegistryFileError } from "./file_error.ts";
import { digestAfter, type SealedEntry } from "./sealed_entry.ts";

interface EntityRow {
  readonly kind: EntityKind;
  readonly id: string;
  readonly version: number;
  readonly body: string;
}

/** The registry's tables: the history, and the entities that it leads to. */
export class RegistryTables {
  readonly #database: DatabaseSync;
  readonly #insertEntry: StatementSync;
  readonly #putEntity: StatementSync;
  readonly #removeEntity: StatementSync;
  readonly #entriesAfter: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insertEntry = database.prepare("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)");
    this.#putEntity = database.prepare("INSERT OR REPLACE INTO entity VALUES (?, ?, ?, ?)");
    this.#removeEntity = database.prepare("DELETE FROM entity WHERE kind = ? AND id = ?");
    this.#entriesAfter = database.prepare("SELECT * FROM history WHERE version > ? ORDER BY version LIMIT ?");
  }

  /** As `Registry.lineage` says. */
  get lineage(): string {
    return String(this.#database.prepare("SELECT id FROM lineage").get()?.id);
  }

  /** Goes on as another registry's copy. */
  adopt(lineage: string, genesis: string): void {
    this.#database.prepare("UPDATE lineage SET id = ?, genesis = ?").run(lineage, genesis);
  }

  /** The lineage that the first transaction began with: what its digest continues. */
  get genesis(): string {
    return String(this.#database.prepare("SELECT genesis FROM lineage").get()?.genesis);
  }

  /** The newest transaction; undefined before the first. */
  last(): SealedEntry | undefined {
    const statement = this.#database.prepare("SELECT * FROM history ORDER BY version DESC LIMIT 1");
    return statement.get() as SealedEntry | undefined;
  }

  /** Oldest first. */
  entriesAfter(version: number, limit: number): SealedEntry[] {
    return this.#entriesAfter.all(version, limit) as unknown as SealedEntry[];
  }

  /** One transaction of SQLite: on the disk when it returns, or nothing of it. */
  append(entry: SealedEntry, changes: readonly Change[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const { version, at, author, reason, digest } = entry;
      this.#insertEntry.run(version, at, author, reason, entry.changes, digest);
      for (const change of changes) {
        const { kind, id } = targetOf(change);
        if ("remove" in change) this.#removeEntity.run(kind, id);
        else this.#putEntity.run(kind, id, version, JSON.stringify(change.put));
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /**
   * The state, after a look at all of it: each transaction continues the one before, and together they lead to these
   * entities. Throws RegistryFileError where that is not so.
   */
  load(path: string): EntityState {
    const damaged = (what: string) => new RegistryFileError(path, `it is damaged: ${what}`);
    const replayed = this.#replay(damaged);
    const entities = this.#entities(damaged);
    for (const { kind, id, version, body } of entities) {
      const expected = replayed.entities.get(`${kind}\0${id}`);
      if (expected?.body !== body || expected.version !== version) {
        throw damaged(`the ${kind} ${id} is not what the history made of it`);
      }
    }
    if (entities.length !== replayed.entities.size) throw damaged("entities of the history are missing");
    return EntityState.of(replayed.version, entities);
  }

  #replay(damaged: (what: string) => Error) {
    const entities = new Map<string, { readonly body: string; readonly version: number }>();
    let version = 0;
    let digest = this.genesis;
    const history = this.#database.prepare("SELECT * FROM history ORDER BY version").iterate();
    for (const entry of history as Iterable<unknown> as Iterable<SealedEntry>) {
      if (entry.version !== ++version) throw damaged(`the transaction of version ${version} is missing`);
      digest = digestAfter(digest, entry);
      if (digest !== entry.digest) throw damaged(`the transaction of version ${version} was altered`);
      for (const change of JSON.parse(entry.changes) as Change[]) {
        const { kind, id } = targetOf(change);
        if ("remove" in change) entities.delete(`${kind}\0${id}`);
        else entities.set(`${kind}\0${id}`, { body: JSON.stringify(change.put), version });
      }
    }
    return { entities, version };
  }

  #entities(damaged: (what: string) => Error) {
    const rows = this.#database.prepare("SELECT * FROM entity").all() as unknown as EntityRow[];
    return rows.map((row) => {
      const parsed = entityKinds[row.kind]?.schema.safeParse(JSON.parse(row.body));
      if (parsed?.success !== true) throw damaged(`the ${row.kind} ${row.id} cannot be read`);
      return { ...row, value: parsed.data };
    });
  }
}
