import type { EdgePermissions } from "../control/edge_permissions.ts";
import type { Change, RegistryState } from "../registry/registry.ts";

/** The domain of names that have none of their own, where it is there. */
export const defaultDomain = "default";

/** The ticket domain of a name; undefined: no other edge knows its ticket keys. */
export function domainOfName(state: RegistryState, name: string): string | undefined {
  const { ticketDomain } = state.get("name", name) ?? {};
  return ticketDomain ?? state.get("ticket-domain", defaultDomain)?.name;
}

/** Names of a domain. */
export function namesOfDomain(state: RegistryState, domain: string): string[] {
  return state.list("name").map(({ name }) => name).filter((name) => domainOfName(state, name) === domain);
}

/** Whether a transaction can change which domains an edge is in, or their epochs. */
export function concernsDomains(changes: readonly Change[]): boolean {
  const kinds = new Set<string>(["edge", "permission", "name", "ticket-domain"]);
  return changes.some(({ kind }) => kinds.has(kind));
}

/** Which ticket domains edges are in: those of the names that they may use. By edge, found out once. */
export class EdgeDomains {
  readonly #state: RegistryState;
  readonly #permissions: EdgePermissions;
  readonly #found = new Map<string, ReadonlySet<string>>();

  constructor(state: RegistryState, permissions: EdgePermissions) {
    this.#state = state;
    this.#permissions = permissions;
  }

  of(edge: string): ReadonlySet<string> {
    const found = this.#found.get(edge) ?? this.#find(edge);
    this.#found.set(edge, found);
    return found;
  }

  share(one: string, other: string): boolean {
    const domains = this.of(other);
    return [...this.of(one)].some((domain) => domains.has(domain));
  }

  epochOf(domain: string): number | undefined {
    return this.#state.get("ticket-domain", domain)?.epoch;
  }

  #find(edge: string): ReadonlySet<string> {
    const names = this.#permissions.namesOf(edge);
    return new Set(
      names.map((name) => domainOfName(this.#state, name)).filter((domain) => domain !== undefined),
    );
  }
}
