import type { Change, RegistryState } from "../registry.ts";

/** What is not spoken of is not revoked: so the record of a revocation stays. */
export function* edgeProblems(
  before: RegistryState,
  _after: RegistryState,
  changes: readonly Change[],
): Iterable<string> {
  for (const change of changes) {
    if (change.kind !== "edge" || !("remove" in change)) continue;
    if (before.get("edge", change.remove)?.state === "revoked") {
      yield `the edge ${change.remove} is revoked; without its record it would be admitted again`;
    }
  }
}
