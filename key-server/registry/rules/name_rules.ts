import { isServerNamePattern, permitsName } from "../../server_names.ts";
import type { Binding, NameEntity } from "../entities/name.ts";
import type { Change, RegistryState } from "../registry.ts";

/** A name's keys and certificates are there, belong together, and cover no more than the name. */
export function* nameProblems(
  _: RegistryState,
  after: RegistryState,
  __: readonly Change[],
): Iterable<string> {
  const owners = new Map<string, string>();
  for (const name of after.list("name")) {
    if (name.ticketDomain !== undefined && after.get("ticket-domain", name.ticketDomain) === undefined) {
      yield `${name.name} is in the ticket domain ${name.ticketDomain}, which is not there`;
    }
    for (const binding of name.bindings) {
      const owner = owners.get(binding.key);
      if (owner !== undefined) yield `the key ${binding.key} is bound twice, to ${owner} and to ${name.name}`;
      owners.set(binding.key, name.name);
      yield* bindingProblems(after, name, binding);
    }
  }
}

function* bindingProblems(after: RegistryState, name: NameEntity, binding: Binding): Iterable<string> {
  const key = after.get("key", binding.key);
  const usable = key?.state === "active" || (key?.state === "retired" && binding.phase === "draining");
  if (key === undefined) yield `${name.name} is bound to the key ${binding.key}, which is not there`;
  else if (!usable) {
    yield `the key ${binding.key} is ${binding.phase} for ${name.name} and cannot be ${key.state}`;
  }
  if (binding.certificate === undefined) return;
  const certificate = after.get("certificate", binding.certificate);
  if (certificate === undefined) {
    yield `${name.name} is bound to the certificate ${binding.certificate}, which is not there`;
  } else {
    if (key !== undefined && certificate.subjectKeyIdentifier !== key.subjectKeyIdentifier) {
      yield `the certificate ${binding.certificate} of ${name.name} is not for the key ${key.name}`;
    }
    // What is no pattern of ours matches no SNI.
    const foreign = uncovered(name.serverNames, certificate.serverNames.filter(isServerNamePattern));
    if (foreign !== undefined) {
      yield `the certificate for ${name.name} has ${foreign}, which is not among its names`;
    }
  }
}

/** The first of the names that no pattern permits; undefined when all are, or when there are no patterns. */
export function uncovered(
  patterns: readonly string[] | undefined,
  names: readonly string[],
): string | undefined {
  return patterns && names.find((name) => !patterns.some((pattern) => permitsName(pattern, name)));
}
