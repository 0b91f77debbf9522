import type { EntityKind } from "../registry/entities.ts";
import type { Change, RegistryState } from "../registry/registry.ts";
import { namesWithServerName } from "./served_name.ts";

/** Names that may have changed for some edge; "all" when it may be any. */
export type ChangedNames = ReadonlySet<string> | "all";

/** What edges are sent is made of these; other kinds change the version only. */
const anyName: ReadonlySet<EntityKind> = new Set<EntityKind>(["edge", "permission"]);

/** Which names a transaction may have changed, by what it left. */
export function changedNames(changes: readonly Change[], state: RegistryState): ChangedNames {
  if (changes.some(({ kind }) => anyName.has(kind))) return "all";
  const names = new Set<string>();
  for (const change of changes) {
    const id = "remove" in change ? change.remove : undefined;
    if (change.kind === "name") names.add(id ?? (change as { put: { name: string } }).put.name);
    if (change.kind === "certificate") {
      const certificate = id ?? (change as { put: { id: string } }).put.id;
      for (const name of namesWithCertificate(state, certificate)) names.add(name);
    }
    if (change.kind === "challenge") {
      const serverName = id ?? (change as { put: { serverName: string } }).put.serverName;
      for (const name of namesWithServerName(state, serverName)) names.add(name);
    }
  }
  return names;
}

function namesWithCertificate(state: RegistryState, certificate: string): string[] {
  return state.list("name")
    .filter(({ bindings }) => bindings.some((binding) => binding.certificate === certificate))
    .map(({ name }) => name);
}

/** Both together. */
export function joined(one: ChangedNames, other: ChangedNames): ChangedNames {
  return one === "all" || other === "all" ? "all" : new Set([...one, ...other]);
}
