import type { PermissionEntity } from "../entities/permission.ts";
import type { Change, RegistryState } from "../registry.ts";
import { uncovered } from "./name_rules.ts";

/** A permission is for a name that is there, and allows nothing that a hash could not be held to. */
export function* permissionProblems(
  _: RegistryState,
  after: RegistryState,
  __: readonly Change[],
): Iterable<string> {
  for (const permission of after.list("permission")) {
    const { id, effect, name } = permission;
    if (name !== undefined && after.get("name", name) === undefined) {
      yield `the permission ${id} is for the name ${name}, which is not there`;
    }
    if (effect === "allow") yield* allowanceProblems(after, permission);
    else if (permission.rate !== undefined) yield `the permission ${id} denies, and so has no rate`;
  }
}

function* allowanceProblems(after: RegistryState, permission: PermissionEntity): Iterable<string> {
  const { id, name, operations, serverNames, transcript } = permission;
  if (name === undefined) yield `the permission ${id} allows, and so needs a name`;
  if (transcript === "strict" && operations.some((operation) => operation !== "sign-tls13")) {
    yield `the permission ${id} is strict, and so can only allow sign-tls13: TLS 1.2 has no strict form`;
  }
  if (transcript === "strict" || serverNames === undefined) return;
  const missing = missingName(serverNames, after.get("name", name ?? "")?.serverNames);
  if (missing !== undefined) {
    yield `the permission ${id} leaves out ${missing} of ${name}: a hash does not tell for which name it is signed, ` +
      'so it needs every name, or transcript "strict"';
  }
}

/** A name that a permission's list leaves out; where nobody can tell: "a name". */
export function missingName(
  permitted: readonly string[],
  all: readonly string[] | undefined,
): string | undefined {
  return all === undefined ? "a name" : uncovered(permitted, all);
}
