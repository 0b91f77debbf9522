import type { Cell } from "./cell.ts";
import type { Difference } from "./observation.ts";

/** A difference that is meant, and why. */
export interface DesignedDifference {
  readonly reason: string;
  readonly covers: (cell: Cell, difference: Difference) => boolean;
}

export const designedDifferences: readonly DesignedDifference[] = [
  {
    reason: "the edge speaks X25519MLKEM768, OpenSSL 3.0 does not",
    covers: (cell, { field, edge }) =>
      cell.client === "chromium" && cell.version === "1.3" && field === "group" && edge === "X25519MLKEM768",
  },
  {
    reason:
      "a client sends shares for several groups: the edge takes the one it prefers, OpenSSL 3.0 the client's first",
    covers: (cell, { field, edge }) =>
      cell.version === "1.3" && cell.group === "any" && field === "group" && edge === "x25519",
  },
];

/** Why a difference is meant; undefined: it is a mismatch. */
export function designedReason(cell: Cell, difference: Difference): string | undefined {
  return designedDifferences.find(({ covers }) => covers(cell, difference))?.reason;
}
