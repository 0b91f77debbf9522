import { type Entities, type EntityKind, entityKinds } from "./entities.ts";
import type { Change, RegistryState, Versioned } from "./registry.ts";

type ById = ReadonlyMap<string, Versioned<Entities[EntityKind]>>;

const nothing: ById = new Map();

/** What entity a change is about. */
export function targetOf(change: Change): { readonly kind: EntityKind; readonly id: string } {
  return { kind: change.kind, id: "remove" in change ? change.remove : idOf(change.kind, change.put) };
}

/** An entity's id. */
export function idOf<K extends EntityKind>(kind: K, entity: Entities[K]): string {
  return (entityKinds[kind].idOf as (entity: Entities[K]) => string)(entity);
}

/** All entities at one version, in memory. A change copies the maps of the kinds that it touches, and no other. */
export class EntityState implements RegistryState {
  static readonly empty = new EntityState(0, new Map());

  readonly version: number;
  readonly #kinds: ReadonlyMap<EntityKind, ById>;
  readonly #lists = new Map<EntityKind, readonly Entities[EntityKind][]>();

  private constructor(version: number, kinds: ReadonlyMap<EntityKind, ById>) {
    this.version = version;
    this.#kinds = kinds;
  }

  /** The state that a database holds: its entities with their versions. */
  static of(
    version: number,
    entities: Iterable<
      { readonly kind: EntityKind; readonly value: Entities[EntityKind]; readonly version: number }
    >,
  ): EntityState {
    const kinds = new Map<EntityKind, Map<string, Versioned<Entities[EntityKind]>>>();
    for (const { kind, value, version } of entities) {
      const byId = kinds.get(kind) ?? new Map();
      kinds.set(kind, byId.set(idOf(kind, value), { value: deepFrozen(value), version }));
    }
    return new EntityState(version, kinds);
  }

  /** What this becomes by a transaction of that version. */
  with(changes: readonly Change[], version: number): EntityState {
    const kinds = new Map(this.#kinds);
    const copies = new Map<EntityKind, Map<string, Versioned<Entities[EntityKind]>>>();
    for (const change of changes) {
      const { kind, id } = targetOf(change);
      const byId = copies.get(kind) ?? new Map(this.#kinds.get(kind));
      copies.set(kind, byId);
      kinds.set(kind, byId);
      if ("remove" in change) byId.delete(id);
      else byId.set(id, { value: deepFrozen(change.put), version });
    }
    return new EntityState(version, kinds);
  }

  get<K extends EntityKind>(kind: K, id: string): Entities[K] | undefined {
    return this.versioned(kind, id)?.value;
  }

  versioned<K extends EntityKind>(kind: K, id: string): Versioned<Entities[K]> | undefined {
    return (this.#kinds.get(kind) ?? nothing).get(id) as Versioned<Entities[K]> | undefined;
  }

  list<K extends EntityKind>(kind: K): readonly Entities[K][] {
    let list = this.#lists.get(kind);
    if (list === undefined) {
      const byId = [...this.#kinds.get(kind) ?? nothing];
      list = byId.sort(([a], [b]) => a < b ? -1 : 1).map(([, { value }]) => value);
      this.#lists.set(kind, list);
    }
    return list as readonly Entities[K][];
  }
}

/** Entities are shared by all who read: nobody may write into one. */
function deepFrozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFrozen);
    Object.freeze(value);
  }
  return value;
}
