import { HoldfastError } from "../../shared/errors.ts";
import type { Entities, EntityKind } from "./entities.ts";

/** An entity as it is at a version of the registry. */
export interface Versioned<E> {
  readonly value: E;
  /** The registry's version that last changed it. */
  readonly version: number;
}

/** All entities at one version. It never changes: a commit makes a new one. */
export interface RegistryState {
  readonly version: number;
  get<K extends EntityKind>(kind: K, id: string): Entities[K] | undefined;
  versioned<K extends EntityKind>(kind: K, id: string): Versioned<Entities[K]> | undefined;
  /** In the order of their ids. */
  list<K extends EntityKind>(kind: K): readonly Entities[K][];
}

/** One entity put in place of what it was, or taken out. */
export type Change = {
  [K in EntityKind]:
    | { readonly kind: K; readonly put: Entities[K] }
    | { readonly kind: K; readonly remove: string };
}[EntityKind];

/** One transaction as the history keeps it. */
export interface HistoryEntry {
  readonly version: number;
  readonly at: Date;
  /** Who made it: an administrator's identity, or `holdfast:` and the part of the key server that did. */
  readonly author: string;
  /** What for, in a few words: "rotate www.holdfast.test: switch". */
  readonly reason: string;
  readonly changes: readonly Change[];
}

export interface CommitOptions {
  readonly author: string;
  readonly reason: string;
  /** The version that the changes were made for; another one by now: RegistryConflictError, and nothing happens. */
  readonly expectedVersion?: number;
}

/**
 * Names, keys, certificates, edges and permissions: who may do what with which key, and what edges serve.
 *
 * No private key and no secret is ever in it. Every change is a transaction with an author; it is on the disk before
 * `commit` returns, and lost by no crash afterwards.
 */
export interface Registry extends Disposable {
  readonly state: RegistryState;
  /**
   * Versions are compared within one lineage only. It is the instant at which versions began anew (the database was made,
   * or a backup put in its place) and 16 random hexadecimal digits, "2026-11-21T12:00:00.000Z-0123456789abcdef": the
   * later one sorts after the earlier. A replica has its primary's.
   */
  readonly lineage: string;
  /** Whether this process may change it; a replica follows another and refuses. */
  readonly writable: boolean;
  /**
   * Applies all changes or none; returns the new version. Throws RegistryError for what contradicts itself or what is
   * there, RegistryConflictError, and RegistryReadOnlyError on a replica.
   */
  commit(changes: readonly Change[], options: CommitOptions): number;
  /** Called after each commit, with what it changed; in the order of versions. */
  watch(listener: (entry: HistoryEntry, state: RegistryState) => void): Disposable;
  /** Transactions after a version, oldest first, at most `limit`. */
  history(after: number, limit: number): readonly HistoryEntry[];
  /**
   * A whole copy at one version, as the bytes of a SQLite file, while everything goes on. A key server that has started
   * may write nowhere but into files that are open: hand these bytes to whoever asked.
   */
  snapshot(): Uint8Array;
  /** {@link snapshot} in a new file, mode 0600, for processes that may write there. Throws RegistryFileError. */
  backup(file: string): Promise<void>;
}

/** A change that cannot be. Code `registry`. */
export class RegistryError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions, code = "registry") {
    super(code, `Cannot change the registry: ${reason}`, options);
  }
}

/** Somebody else was quicker. Code `registry-conflict`. */
export class RegistryConflictError extends RegistryError {
  constructor(expected: number, found: number) {
    super(`it is at version ${found}, not ${expected} any more`, {}, "registry-conflict");
  }
}

/** A replica does not take changes. Code `registry-read-only`. */
export class RegistryReadOnlyError extends RegistryError {
  constructor(primary: string) {
    super(`this key server follows ${primary}; make the change there`, {}, "registry-read-only");
  }
}
