import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { ConfigError, type ConfigProblem } from "./errors.ts";
import { dottedKey, type KeyPath, lineOfKey } from "./key_location.ts";
import { knownKeys, nearestName } from "./known_keys.ts";
import { valueAt, valueShape } from "./value_shape.ts";

/**
 * Reads and validates one TOML file.
 *
 * Build `schema` from `z.strictObject`, so that unknown keys are refused. Throws {@link ConfigError} naming the
 * file and, for every problem, the line, the dotted key, the shape of the value (its type and length, never the
 * value) and what was expected. Relative paths stay as written: resolve them with `pathBesideConfig`.
 */
export async function loadConfig<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  return parseConfig(await readConfig(path), path, schema);
}

/** {@link loadConfig} on text that was read already; `file` is for messages only. */
export function parseConfig<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
): z.output<Schema> {
  const document = parseToml(text, file);
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, [], { text, document, schema }));
  throw new ConfigError(file, problems);
}

async function readConfig(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Deno.errors.PermissionDenied
      ? "this user may not read it"
      : error instanceof Deno.errors.NotCapable
      ? "this process has no --allow-read permission for it"
      : "it is not a readable text file";
    throw new ConfigError(path, [{ key: "", text: reason }], { cause: error });
  }
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The parser's message quotes the lines around the mistake, and those may hold a secret: its first line only.
    const summary = (error.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    const problem = {
      line: error.line,
      key: "",
      text: `is not valid TOML: ${summary} (column ${error.column})`,
    };
    throw new ConfigError(file, [problem]);
  }
}

interface Source {
  readonly text: string;
  readonly document: unknown;
  readonly schema: z.ZodType;
}

function problemsOf(issue: z.core.$ZodIssue, parents: KeyPath, source: Source): ConfigProblem[] {
  const path = [...parents, ...issue.path.map((part) => typeof part === "symbol" ? String(part) : part)];
  if (issue.code === "unrecognized_keys") {
    const candidates = knownKeys(source.schema, path);
    return issue.keys.map((key) => problemAt([...path, key], unknownKeyText(key, candidates), source));
  }
  if (issue.code === "invalid_union") {
    const branch = nearestBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => problemsOf(inner, path, source));
    const forms = issue.errors.map(([first]) => first === undefined ? "" : expectation(first)).filter(
      Boolean,
    );
    return [
      problemAt(path, shapeText(path, [...new Set(forms)].join(" or ") || issue.message, source), source),
    ];
  }
  return [problemAt(path, shapeText(path, expectation(issue), source), source)];
}

/** Of a union's branches the one that came furthest: only it says something about a key inside the value. */
function nearestBranch(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  return branches
    .filter(([first]) => first !== undefined && (first.path.length > 0 || first.code === "unrecognized_keys"))
    .toSorted((a, b) => a.length - b.length)[0];
}

function problemAt(path: KeyPath, text: string, source: Source): ConfigProblem {
  const line = lineOfKey(source.text, path);
  return { ...(line === undefined ? {} : { line }), key: dottedKey(path), text };
}

function shapeText(path: KeyPath, expected: string, { document }: Source): string {
  const prefix = path.length === 0 ? "the document is " : "is ";
  return `${prefix}${valueShape(valueAt(document, path))}; expected ${expected}`;
}

/** zod's words without its prefix and without what it says about the value received. */
function expectation(issue: z.core.$ZodIssue): string {
  // zod has no other words for what TOML calls a number and nobody can count with.
  if (/, received (-?Infinity|NaN)$/.test(issue.message)) return "a finite number";
  return issue.message
    .replace(/^(Invalid input|Invalid option): /, "")
    .replace(/, received .*$/s, "")
    .replace(/^expected /, "")
    .replace(/^Too (big|small): expected \S+ to (be|have) /, "")
    .replace(/^Invalid string: must /, "a string that must ");
}

function unknownKeyText(key: string, candidates: readonly string[]): string {
  const nearest = nearestName(key, candidates);
  if (nearest !== undefined) return `is not a known key; did you mean "${nearest}"?`;
  return candidates.length === 0
    ? "is not a known key"
    : `is not a known key; known here: ${candidates.join(", ")}`;
}
