import type { Entities } from "../registry/entities.ts";
import type { RegistryState } from "../registry/registry.ts";

type Permission = Entities["permission"];
type Operation = Permission["operations"][number];

/** What one edge may do with the keys of one name. */
export interface EdgePermission {
  /** Not empty. */
  readonly operations: readonly Operation[];
  readonly transcript: "hash" | "strict";
  /** Undefined: all that the name has. */
  readonly serverNames: readonly string[] | undefined;
}

/**
 * What edges may see of the registry, at one of its states: what they may use. Requests themselves are judged one by one,
 * by the authorizer.
 */
export class EdgePermissions {
  /** By `edge URI` or `group name`, then by name. */
  readonly #allowed = new Map<string, Map<string, Permission[]>>();
  readonly #denied = new Map<string, Permission[]>();
  readonly #edges = new Map<string, Entities["edge"]>();

  constructor(state: RegistryState) {
    for (const edge of state.list("edge")) this.#edges.set(edge.identity, edge);
    for (const permission of state.list("permission")) this.#add(permission);
  }

  /** Why the edge is thrown out; undefined: it is not. */
  revocation(edge: string): string | undefined {
    const entity = this.#edges.get(edge);
    return entity?.state === "revoked" ? entity.reason ?? "the edge was revoked" : undefined;
  }

  /** Edges that somebody has spoken of and nobody has thrown out. */
  get knownEdges(): readonly string[] {
    const named = [...this.#allowed.keys()].flatMap((subject) =>
      subject.startsWith("edge ") ? [subject.slice(5)] : []
    );
    return [...new Set([...this.#edges.keys(), ...named])]
      .filter((edge) => this.revocation(edge) === undefined);
  }

  /** The names that the edge may do something with. */
  namesOf(edge: string): readonly string[] {
    const names = this.#subjectsOf(edge).flatMap((subject) => [...this.#allowed.get(subject)?.keys() ?? []]);
    return [...new Set(names)].filter((name) => this.of(edge, name) !== undefined);
  }

  /** Undefined: the edge may do nothing with it. */
  of(edge: string, name: string): EdgePermission | undefined {
    if (this.revocation(edge) !== undefined) return undefined;
    const subjects = this.#subjectsOf(edge);
    const allowed = subjects.flatMap((subject) => this.#allowed.get(subject)?.get(name) ?? []);
    // One that denies some of the server names leaves the others: it is the authorizer's to tell them apart.
    const denied = subjects.flatMap((subject) => this.#denied.get(subject) ?? [])
      .filter((denial) => (denial.name ?? name) === name && denial.serverNames === undefined)
      .flatMap(({ operations }) => operations);
    const operations = [...new Set(allowed.flatMap(({ operations }) => operations))]
      .filter((operation) => !denied.includes(operation));
    if (operations.length === 0) return undefined;
    const narrowed = allowed.every(({ serverNames }) => serverNames !== undefined);
    return {
      operations,
      transcript: allowed.some(({ transcript }) => transcript === "hash") ? "hash" : "strict",
      serverNames: narrowed
        ? [...new Set(allowed.flatMap(({ serverNames }) => serverNames ?? []))]
        : undefined,
    };
  }

  #add(permission: Permission): void {
    const { subject, name, effect } = permission;
    const key = "edge" in subject ? `edge ${subject.edge}` : `group ${subject.group}`;
    if (effect === "deny") {
      this.#denied.set(key, [...this.#denied.get(key) ?? [], permission]);
    } else if (name !== undefined) {
      const byName = this.#allowed.get(key) ?? new Map<string, Permission[]>();
      this.#allowed.set(key, byName.set(name, [...byName.get(name) ?? [], permission]));
    }
  }

  #subjectsOf(edge: string): string[] {
    return [`edge ${edge}`, ...(this.#edges.get(edge)?.groups ?? []).map((group) => `group ${group}`)];
  }
}
