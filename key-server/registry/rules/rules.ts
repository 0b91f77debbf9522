/** What the registry refuses to become, whoever asks: asked of the state that a transaction would lead to. */
import { type Change, RegistryError, type RegistryState } from "../registry.ts";
import { certificateProblems } from "./certificate_rules.ts";
import { edgeProblems } from "./edge_rules.ts";
import { keyProblems } from "./key_rules.ts";
import { nameProblems } from "./name_rules.ts";
import { permissionProblems } from "./permission_rules.ts";
import { rotationProblems } from "./rotation_rules.ts";
import { ticketDomainProblems } from "./ticket_domain_rules.ts";

/** Yields what is wrong, in words that end the sentence "Cannot change the registry: ...". */
export type Rule = (
  before: RegistryState,
  after: RegistryState,
  changes: readonly Change[],
) => Iterable<string>;

const rules: readonly Rule[] = [
  keyProblems,
  certificateProblems,
  nameProblems,
  permissionProblems,
  edgeProblems,
  rotationProblems,
  ticketDomainProblems,
];

/** Throws RegistryError with the first thing that is wrong. */
export function refuseContradictions(
  before: RegistryState,
  after: RegistryState,
  changes: readonly Change[],
): void {
  for (const rule of rules) {
    for (const problem of rule(before, after, changes)) throw new RegistryError(problem);
  }
}
