import type { z } from "zod";
import type { KeyPath } from "./key_location.ts";

/** The keys that `schema` knows in the table at `path`; empty when it cannot tell. */
export function knownKeys(schema: z.core.$ZodType, path: KeyPath): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object": {
      const [head, ...rest] = path;
      if (head === undefined) return Object.keys(def.shape);
      const inner = def.shape[head];
      return inner === undefined ? [] : knownKeys(inner, rest);
    }
    case "array":
      return knownKeys(def.element, path.slice(1));
    case "record":
      return knownKeys(def.valueType, path.slice(1));
    case "union":
      return [...new Set(def.options.flatMap((option) => knownKeys(option, path)))];
    case "pipe":
      return knownKeys(def.in, path);
    case "optional":
    case "default":
    case "prefault":
    case "nullable":
    case "readonly":
      return knownKeys(def.innerType, path);
    default:
      return [];
  }
}

/** The name nearest to `name` by edit distance, when it is near enough to be what was meant. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(name.length / 3));
  return candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** Levenshtein distance, row by row. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, character] of [...from].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...to].entries()) {
      const replace = (previous[column] ?? 0) + (character === other ? 0 : 1);
      current.push(Math.min(replace, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
