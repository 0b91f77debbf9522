import type { Authorizer } from "../authorize.ts";
import type { EdgeEntity } from "../registry/entities/edge.ts";
import type { NameEntity } from "../registry/entities/name.ts";
import type { RegistryState } from "../registry/registry.ts";
import { type Asked, denies, obstacle, type Rule } from "./rule.ts";

export interface ExplanationRequest {
  /** The edge's URI. */
  readonly edge: string;
  /** Of a name entity. */
  readonly name: string;
  readonly operation: Asked["operation"];
  /** "" for a client without SNI; undefined: the name's first. */
  readonly serverName?: string | undefined;
  /** Whether the edge sends the handshake itself; in hash form unless told. */
  readonly transcript?: "hash" | "strict" | undefined;
}

export interface ExplanationStep {
  readonly about: "edge" | "name" | "key" | "denial" | "permission" | "rate";
  /** `notes` decides nothing; `ends` is where the answer is found. */
  readonly outcome: "passes" | "notes" | "ends";
  /** The permission's id. */
  readonly permission?: string;
  /** A sentence for people. */
  readonly text: string;
}

export interface Explanation {
  readonly allowed: boolean;
  /** The operation's answer in a few words. */
  readonly verdict: string;
  readonly serverName: string;
  readonly steps: readonly ExplanationStep[];
}

/**
 * Why an edge may do something with a name's keys now, or may not: the authorizer's own rules, looked at one by one. Takes
 * nothing from a rate.
 */
export function explain(
  state: RegistryState,
  authorizer: Authorizer,
  request: ExplanationRequest,
): Explanation {
  const name = state.get("name", request.name);
  const serverName = request.serverName ?? name?.serverNames?.[0] ?? request.name;
  const explainer = new Explainer(state, authorizer, request, { operation: request.operation, serverName });
  const verdict = explainer.run(name);
  return { allowed: explainer.allowed, verdict, serverName, steps: explainer.steps };
}

class Explainer {
  readonly steps: ExplanationStep[] = [];
  allowed = false;
  readonly #isStrict: boolean;

  constructor(
    readonly state: RegistryState,
    readonly authorizer: Authorizer,
    readonly request: ExplanationRequest,
    readonly asked: Asked,
  ) {
    this.#isStrict = request.operation === "sign-tls13" && request.transcript === "strict";
  }

  run(name: NameEntity | undefined): string {
    const { edge } = this.request;
    const { revocation, byName, everywhere } = this.authorizer.rulesOf(edge);
    if (revocation !== undefined) return this.#end("edge", `the edge is revoked: ${revocation}`);
    this.#pass("edge", describeEdge(edge, this.state.get("edge", edge)));
    if (name === undefined) return this.#end("name", `there is no name ${this.request.name}`);
    this.#pass("name", `${name.name} has ${name.serverNames?.join(", ") ?? "any host name"}`);
    if (!this.#hasKey(name)) {
      return this.#end("key", `no key of ${name.name} is active for ${this.asked.operation}`);
    }
    const rules = byName.get(name.name) ?? { denials: everywhere, allowances: [] };
    const denial = rules.denials.find((rule) => this.#denies(rule));
    if (denial !== undefined) return `the permission ${denial.permission.id} denies it`;
    return this.#permits(rules.allowances);
  }

  #hasKey(name: NameEntity): boolean {
    let any = false;
    for (const { key, phase } of name.bindings) {
      const entity = this.state.get("key", key);
      const serves = entity?.state === "active" && entity.purposes.includes(this.asked.operation);
      any ||= serves;
      const purposes = entity?.purposes.join(", ");
      this.steps.push({
        about: "key",
        outcome: serves ? "passes" : "notes",
        text: `the key ${key} (${phase}) is ${entity?.state}, for ${purposes}`,
      });
    }
    return any;
  }

  #denies(rule: Rule): boolean {
    const { permission } = rule;
    const holds = denies(rule, this.asked, this.#isStrict);
    const text = holds
      ? `it denies ${permission.operations.join(", ")}; a denial wins over everything`
      : "it denies something else";
    this.#step("denial", holds ? "ends" : "notes", rule, text);
    return holds;
  }

  #permits(allowances: readonly Rule[]): string {
    let isLimited = false;
    for (const rule of allowances) {
      const missing = obstacle(rule, this.asked, this.#isStrict);
      if (missing !== undefined) {
        this.#step("permission", "notes", rule, this.#missingText(rule, missing));
        continue;
      }
      if (this.#isWithinRate(rule)) {
        this.allowed = true;
        return `the permission ${rule.permission.id} allows it`;
      }
      isLimited = true;
    }
    if (isLimited) return "its rate is used up for now";
    return this.#end("permission", "no permission allows it, and what none allows is refused");
  }

  #isWithinRate(rule: Rule): boolean {
    const bucket = rule.bucket?.();
    const available = bucket?.available(performance.now()) ?? Infinity;
    const passes = available >= 1;
    this.#step("permission", bucket === undefined ? "ends" : "passes", rule, "it allows this");
    if (bucket !== undefined) {
      const rate = `${bucket.perSecond} a second, ${bucket.burst} at once`;
      this.#step("rate", "ends", rule, `${available} of ${rate} are left to this edge on this key server`);
    }
    return passes;
  }

  #missingText({ permission }: Rule, missing: NonNullable<ReturnType<typeof obstacle>>): string {
    const { operations, serverNames = [] } = permission;
    const { serverName } = this.asked;
    switch (missing) {
      case "operation":
        return `it allows ${operations.join(", ")} only`;
      case "server-name":
        return `it allows ${serverNames.join(", ")} only, not ${
          serverName === "" ? "a client without SNI" : serverName
        }`;
      case "transcript":
        return "it needs the strict form of the transcript, in which the key server reads the handshake itself";
    }
  }

  #pass(about: ExplanationStep["about"], text: string): void {
    this.steps.push({ about, outcome: "passes", text });
  }

  #end(about: ExplanationStep["about"], text: string): string {
    this.steps.push({ about, outcome: "ends", text });
    return text;
  }

  #step(
    about: ExplanationStep["about"],
    outcome: ExplanationStep["outcome"],
    rule: Rule,
    text: string,
  ): void {
    this.steps.push({
      about,
      outcome,
      permission: rule.permission.id,
      text: `${rule.permission.id}: ${text}`,
    });
  }
}

function describeEdge(identity: string, edge: EdgeEntity | undefined): string {
  if (edge === undefined) return `${identity} is in no group; permissions that name it hold`;
  return `${identity} is admitted, in ${
    edge.groups.length === 0 ? "no group" : `the groups ${edge.groups.join(", ")}`
  }`;
}
