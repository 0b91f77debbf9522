import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Logger } from "../../shared/log.ts";
import { entityKinds } from "./entities.ts";
import { type EntityState, targetOf } from "./entity_state.ts";
import { RegistryListeners } from "./listeners.ts";
import {
  type Change,
  type CommitOptions,
  type HistoryEntry,
  type Registry,
  RegistryConflictError,
  RegistryError,
  RegistryReadOnlyError,
  type RegistryState,
} from "./registry.ts";
import { refuseContradictions } from "./rules/rules.ts";
import { inMemory, openDatabase } from "./sqlite/open_database.ts";
import { RegistryTables } from "./sqlite/registry_tables.ts";
import { digestAfter, opened, type SealedEntry } from "./sqlite/sealed_entry.ts";
import { writeSnapshot } from "./sqlite/snapshot_file.ts";

const authorSchema = z.string().min(1).max(2048);
const reasonSchema = z.string().max(1000);

export interface SqliteRegistryOptions {
  /** A file; undefined: in memory alone. */
  readonly path: string | undefined;
  /** The primary that it follows: then it takes transactions from there alone. */
  readonly follows?: string | undefined;
  readonly log: Logger;
}

/** The registry in a file of SQLite. The state is held in memory; the file is read once, when it is opened. */
export class SqliteRegistry implements Registry {
  readonly #options: SqliteRegistryOptions;
  readonly #database: DatabaseSync;
  readonly #tables: RegistryTables;
  readonly #listeners: RegistryListeners;
  #state: EntityState;
  #digest: string;
  /** Set when nobody can tell any more what the file holds. */
  #failure: unknown;

  /** Throws RegistryFileError for a file that cannot be used. */
  constructor(options: SqliteRegistryOptions) {
    this.#options = options;
    const path = options.path ?? inMemory;
    this.#database = openDatabase(path);
    try {
      this.#tables = new RegistryTables(this.#database);
      this.#state = this.#tables.load(path);
      this.#digest = this.#tables.last()?.digest ?? this.#tables.genesis;
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#listeners = new RegistryListeners(options.log);
  }

  get state(): RegistryState {
    return this.#state;
  }

  get writable(): boolean {
    return this.#options.follows === undefined;
  }

  get lineage(): string {
    return this.#tables.lineage;
  }

  /** What the digest of the first transaction continues. */
  get genesis(): string {
    return this.#tables.genesis;
  }

  /** Of the whole history. */
  get digest(): string {
    return this.#digest;
  }

  commit(changes: readonly Change[], { author, reason, expectedVersion }: CommitOptions): number {
    if (this.#options.follows !== undefined) throw new RegistryReadOnlyError(this.#options.follows);
    const { version } = this.#state;
    if (expectedVersion !== undefined && expectedVersion !== version) {
      throw new RegistryConflictError(expectedVersion, version);
    }
    const parsed = changes.map((change) => this.#parse(change)).filter((change) =>
      this.#changesAnything(change)
    );
    if (parsed.length === 0) return version;
    refuseRepetition(parsed);
    const entry = {
      version: version + 1,
      at: new Date().toISOString(),
      author: parseWith(authorSchema, author, "the author"),
      reason: parseWith(reasonSchema, reason, "the reason"),
      changes: JSON.stringify(parsed),
    };
    return this.#apply({ ...entry, digest: digestAfter(this.#digest, entry) }, parsed);
  }

  watch(listener: (entry: HistoryEntry, state: RegistryState) => void): Disposable {
    return this.#listeners.add(listener);
  }

  history(after: number, limit: number): readonly HistoryEntry[] {
    return this.#tables.entriesAfter(after, limit).map(opened);
  }

  /** {@link history} as replicas take it. */
  sealedHistory(after: number, limit: number): readonly SealedEntry[] {
    return this.#tables.entriesAfter(after, limit);
  }

  /** A replica takes its primary's lineage. Throws RegistryError when its own history began elsewhere. */
  adopt({ lineage, genesis }: { readonly lineage: string; readonly genesis: string }): void {
    if (this.#state.version > 0 && this.#tables.genesis !== genesis) {
      throw new RegistryError("its history did not begin as the primary's did");
    }
    this.#tables.adopt(lineage, genesis);
    this.#digest = this.#tables.last()?.digest ?? genesis;
  }

  /** A replica takes a transaction of its primary, as it is. Throws RegistryError for one that does not come next. */
  replicate(entry: SealedEntry): void {
    if (entry.version !== this.#state.version + 1 || digestAfter(this.#digest, entry) !== entry.digest) {
      throw new RegistryError(
        `version ${entry.version} of the primary does not continue version ${this.#state.version}`,
      );
    }
    // Kept as the primary has written them: what is read here must lead to the same bytes again.
    const changes = JSON.parse(entry.changes) as Change[];
    for (const change of changes) this.#parse(change);
    this.#apply(entry, changes);
  }

  snapshot(): Uint8Array {
    return this.#database.serialize();
  }

  async backup(file: string): Promise<void> {
    await writeSnapshot(file, this.snapshot());
  }

  /** Closes the file: nothing of the registry works afterwards but its last state. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #apply(entry: SealedEntry, changes: readonly Change[]): number {
    if (this.#failure !== undefined) {
      throw new RegistryError("its file failed before; restart the key server", { cause: this.#failure });
    }
    const state = this.#state.with(changes, entry.version);
    refuseContradictions(this.#state, state, changes);
    this.#append(entry, changes);
    this.#state = state;
    this.#digest = entry.digest;
    this.#listeners.tell(opened(entry), state);
    return entry.version;
  }

  /** A COMMIT that failed may have come to the disk all the same: the file has the last word. */
  #append(entry: SealedEntry, changes: readonly Change[]): void {
    try {
      this.#tables.append(entry, changes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown failure";
      try {
        if (this.#tables.last()?.digest === entry.digest) return;
      } catch (failure) {
        this.#failure = failure;
      }
      throw new RegistryError(`its file cannot be written: ${reason}`, { cause: error }, "registry-storage");
    }
  }

  #parse(change: Change): Change {
    if ("remove" in change) return { kind: change.kind, remove: change.remove } as Change;
    const kind = entityKinds[change.kind];
    if (kind === undefined) throw new RegistryError(`nothing is known of a ${change.kind}`);
    const put = parseWith(kind.schema as z.ZodType, change.put, `the ${change.kind}`);
    return { kind: change.kind, put } as Change;
  }

  #changesAnything(change: Change): boolean {
    const { kind, id } = targetOf(change);
    const before = this.#state.get(kind, id);
    if (!("remove" in change)) return JSON.stringify(before) !== JSON.stringify(change.put);
    if (before === undefined) throw new RegistryError(`there is no ${kind} ${id}`);
    return true;
  }
}

/** Which one counts would be a matter of order, and of what was there before. */
function refuseRepetition(changes: readonly Change[]): void {
  const seen = new Set<string>();
  for (const { kind, id } of changes.map(targetOf)) {
    if (seen.has(`${kind} ${id}`)) throw new RegistryError(`the ${kind} ${id} is changed twice at once`);
    seen.add(`${kind} ${id}`);
  }
}

function parseWith<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw new RegistryError(`${what} is not well formed${place}: ${issue?.message}`);
}
