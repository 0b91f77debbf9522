import type { EdgeEntity } from "../registry/entities/edge.ts";
import type { NameEntity } from "../registry/entities/name.ts";
import type { PermissionEntity } from "../registry/entities/permission.ts";
import type { RegistryState } from "../registry/registry.ts";
import { isUnderWay } from "../registry/rules/rotation_rules.ts";
import { type EdgeRules, type NameRules, noRules } from "./edge_rules.ts";
import { ruleFor } from "./rule.ts";
import { TokenBucket } from "./token_bucket.ts";

/** By permission and edge. */
type Buckets = Map<string, TokenBucket>;

/**
 * All permissions of one state of the registry, as they are applied. An edge's rules are made when it first asks, and kept:
 * only edges that the registry speaks of have any, so what is kept is bounded by what is in it.
 */
export class RuleBook {
  readonly #state: RegistryState;
  readonly #bySubject: ReadonlyMap<string, readonly PermissionEntity[]>;
  readonly #edges = new Map<string, EdgeRules>();
  readonly #buckets: Buckets = new Map();
  readonly #former: Buckets;

  /** What an edge has used of its rates goes on from the book before. */
  constructor(state: RegistryState, former?: RuleBook) {
    this.#state = state;
    this.#bySubject = Map.groupBy(state.list("permission"), ({ subject }) => subjectKey(subject));
    this.#former = former === undefined ? new Map() : new Map([...former.#former, ...former.#buckets]);
    this.#forgetStale();
  }

  /** The rules of an edge. */
  of(identity: string): EdgeRules {
    const known = this.#edges.get(identity);
    if (known !== undefined) return known;
    const edge = this.#state.get("edge", identity);
    if (edge === undefined && !this.#bySubject.has(subjectKey({ edge: identity }))) return noRules;
    const rules = this.#make(identity, edge);
    this.#edges.set(identity, rules);
    return rules;
  }

  #make(identity: string, edge: EdgeEntity | undefined): EdgeRules {
    const subjects = [{ edge: identity }, ...(edge?.groups ?? []).map((group) => ({ group }))];
    const permissions = subjects.flatMap((subject) => this.#bySubject.get(subjectKey(subject)) ?? []);
    const byName = new Map<string, NameRules>();
    const byKey = new Map<string, NameRules>();
    for (const name of this.#state.list("name")) {
      const rules = this.#nameRules(identity, name, permissions);
      if (rules === undefined) continue;
      byName.set(name.name, rules);
      for (const key of this.#keysOf(name)) byKey.set(key, rules);
    }
    return {
      revocation: edge?.state === "revoked" ? edge.reason ?? "the edge was revoked" : undefined,
      certificatesNotBefore: edge?.certificatesNotBefore === undefined
        ? -Infinity
        : Date.parse(edge.certificatesNotBefore),
      byName,
      byKey,
    };
  }

  /** Those that are bound to it, and the one that a rotation has made for it and that answers an ACME challenge already. */
  #keysOf({ name, bindings }: NameEntity): readonly string[] {
    const bound = bindings.map(({ key }) => key);
    const challenged = this.#state.list("challenge").map(({ key }) => key);
    if (challenged.length === 0) return bound;
    const made = this.#state.list("rotation")
      .filter((rotation) => rotation.name === name && isUnderWay(rotation))
      .flatMap(({ newKey }) => newKey !== undefined && challenged.includes(newKey) ? [newKey] : []);
    return [...bound, ...made];
  }

  #nameRules(
    edge: string,
    name: NameEntity,
    permissions: readonly PermissionEntity[],
  ): NameRules | undefined {
    const rules = permissions
      .filter((permission) => permission.name === undefined || permission.name === name.name)
      .map((permission) => ruleFor(permission, name, this.#bucket(permission, edge)));
    if (rules.length === 0) return undefined;
    const allowances = rules.filter(({ permission }) => permission.effect === "allow");
    return {
      denials: rules.filter(({ permission }) => permission.effect === "deny"),
      // What costs nothing comes first.
      allowances: allowances.sort((a, b) => Number(a.bucket !== undefined) - Number(b.bucket !== undefined)),
    };
  }

  #bucket({ id, rate }: PermissionEntity, edge: string): TokenBucket | undefined {
    if (rate === undefined) return undefined;
    const place = bucketKey(id, edge);
    const former = this.#buckets.get(place) ?? this.#former.get(place);
    const isSame = former?.perSecond === rate.perSecond && former.burst === rate.burst;
    const bucket = isSame ? former : new TokenBucket(rate, performance.now());
    this.#buckets.set(place, bucket);
    return bucket;
  }

  /** Buckets of permissions and edges that are not spoken of any more. */
  #forgetStale(): void {
    for (const place of this.#former.keys()) {
      const [id, edge] = JSON.parse(place) as [string, string];
      const permission = this.#state.get("permission", id);
      const isSpokenOf = this.#state.get("edge", edge) !== undefined ||
        this.#bySubject.has(subjectKey({ edge }));
      if (permission?.rate === undefined || !isSpokenOf) this.#former.delete(place);
    }
  }
}

const bucketKey = (permission: string, edge: string) => JSON.stringify([permission, edge]);

function subjectKey(subject: PermissionEntity["subject"]): string {
  return "edge" in subject ? `edge ${subject.edge}` : `group ${subject.group}`;
}
