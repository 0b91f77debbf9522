import type { EdgeEntity } from "../registry/entities/edge.ts";
import type { PermissionEntity } from "../registry/entities/permission.ts";
import type { RegistryState } from "../registry/registry.ts";
import { isUnderWay } from "../registry/rules/rotation_rules.ts";
import { type EdgeRules, type NameRules, noRules } from "./edge_rules.ts";
import type { Rates } from "./rates.ts";
import { type Rule, ruleFor } from "./rule.ts";

/**
 * All permissions of one state of the registry, as they are applied. An edge's rules are made when it first asks, and kept:
 * only edges that the registry speaks of have any, so what is kept is bounded by what is in it.
 */
export class RuleBook {
  readonly #state: RegistryState;
  readonly #rates: Rates;
  readonly #bySubject: ReadonlyMap<string, readonly PermissionEntity[]>;
  readonly #challengedKeys: ReadonlyMap<string, readonly string[]>;
  readonly #edges = new Map<string, EdgeRules>();

  /** `rates` outlives the book: what an edge has used of them is not given back by a change of something else. */
  constructor(state: RegistryState, rates: Rates) {
    this.#state = state;
    this.#rates = rates;
    this.#bySubject = Map.groupBy(state.list("permission"), ({ subject }) => subjectKey(subject));
    this.#challengedKeys = challengedKeys(state);
    rates.prune(state, (edge) => this.#isSpokenOf(edge));
  }

  /** The rules of an edge. */
  of(identity: string): EdgeRules {
    const known = this.#edges.get(identity);
    if (known !== undefined) return known;
    if (!this.#isSpokenOf(identity)) return noRules;
    const rules = this.#make(identity, this.#state.get("edge", identity));
    this.#edges.set(identity, rules);
    return rules;
  }

  #isSpokenOf(edge: string): boolean {
    return this.#state.get("edge", edge) !== undefined || this.#bySubject.has(subjectKey({ edge }));
  }

  #make(identity: string, edge: EdgeEntity | undefined): EdgeRules {
    const subjects = [{ edge: identity }, ...(edge?.groups ?? []).map((group) => ({ group }))];
    const permissions = subjects.flatMap((subject) => this.#bySubject.get(subjectKey(subject)) ?? []);
    const everywhere = permissions.filter(({ name }) => name === undefined).map((denial) =>
      ruleFor(denial, undefined, undefined)
    );
    const byName = new Map<string, NameRules>();
    const byKey = new Map<string, NameRules>();
    for (const [name, ofName] of Map.groupBy(permissions, ({ name }) => name)) {
      const entity = name === undefined ? undefined : this.#state.get("name", name);
      if (entity === undefined) continue;
      const rules = nameRules(
        ofName.map((permission) => ruleFor(permission, entity, this.#bucketOf(identity, permission))),
        everywhere,
      );
      byName.set(entity.name, rules);
      for (const { key } of entity.bindings) byKey.set(key, rules);
      for (const key of this.#challengedKeys.get(entity.name) ?? []) byKey.set(key, rules);
    }
    return {
      revocation: edge?.state === "revoked" ? edge.reason ?? "the edge was revoked" : undefined,
      certificatesNotBefore: edge?.certificatesNotBefore === undefined
        ? -Infinity
        : Date.parse(edge.certificatesNotBefore),
      everywhere,
      byName,
      byKey,
    };
  }

  #bucketOf(edge: string, { id, rate }: PermissionEntity): Rule["bucket"] {
    return rate && (() => this.#rates.bucket(edge, { id, rate }));
  }
}

function nameRules(rules: readonly Rule[], everywhere: readonly Rule[]): NameRules {
  const ofEffect = (effect: PermissionEntity["effect"]) =>
    rules.filter(({ permission }) => permission.effect === effect);
  return {
    denials: [...everywhere, ...ofEffect("deny")],
    // What costs nothing comes first.
    allowances: ofEffect("allow").sort((a, b) =>
      Number(a.bucket !== undefined) - Number(b.bucket !== undefined)
    ),
  };
}

/** By name: the key that a rotation has made for it and that answers an ACME challenge before it is bound. */
function challengedKeys(state: RegistryState): Map<string, string[]> {
  const challenged = new Set(state.list("challenge").map(({ key }) => key));
  if (challenged.size === 0) return new Map();
  const rotations = state.list("rotation").filter((rotation) =>
    isUnderWay(rotation) && rotation.newKey !== undefined && challenged.has(rotation.newKey)
  );
  return new Map(rotations.map(({ name, newKey }) => [name, [newKey!]]));
}

function subjectKey(subject: PermissionEntity["subject"]): string {
  return "edge" in subject ? `edge ${subject.edge}` : `group ${subject.group}`;
}
