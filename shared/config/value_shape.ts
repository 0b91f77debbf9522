import type { KeyPath } from "./key_location.ts";

/** The shape of a configured value in words, never the value: it may be a secret in the wrong place. */
export function valueShape(value: unknown): string {
  if (typeof value === "string") return `a string of ${count(value.length, "character")}`;
  if (typeof value === "bigint") return "an integer";
  if (typeof value === "number") return numberShape(value);
  if (typeof value === "boolean") return "a boolean";
  if (value instanceof Date) return "a date";
  if (Array.isArray(value)) return `an array of ${count(value.length, "element")}`;
  if (typeof value === "object" && value !== null) {
    return `a table of ${count(Object.keys(value).length, "key")}`;
  }
  return "missing";
}

function numberShape(value: number): string {
  if (Number.isNaN(value)) return "not a number (nan)";
  if (!Number.isFinite(value)) return "an infinite number (inf, or one too large)";
  return Number.isInteger(value) ? "an integer" : "a decimal number";
}

/** The value at `path`, or undefined when any part of the way is missing. */
export function valueAt(document: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (value, part) => typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined,
    document,
  );
}

function count(length: number, noun: string): string {
  return `${length} ${noun}${length === 1 ? "" : "s"}`;
}
