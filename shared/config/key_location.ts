/** A path into a TOML document: table names and array indexes. */
export type KeyPath = readonly (string | number)[];

/** `["site", 0, "backend"]` as `site[0].backend`. */
export function dottedKey(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/**
 * The line, from 1, where the key at `path` or its nearest enclosing table is written; undefined when neither
 * is. The TOML parser keeps no positions, so this reads the headers and keys again: it serves messages
 * only, and may miss a key inside an inline table or a multi-line string.
 */
export function lineOfKey(text: string, path: KeyPath): number | undefined {
  const lines = new Map<string, number>();
  const arrayLengths = new Map<string, number>();
  let table: KeyPath = [];
  for (const [index, line] of text.split("\n").entries()) {
    const header = /^\s*(\[\[?)\s*([^\]]+?)\s*\]/.exec(line);
    if (header?.[2] !== undefined) table = enterTable(splitKey(header[2]), header[1] === "[[", arrayLengths);
    const key = header === null
      ? /^\s*((?:[\w-]+|"[^"]*"|'[^']*'|\s*\.\s*)+?)\s*=/.exec(line)?.[1]
      : undefined;
    if (header === null && key === undefined) continue;
    const place = dottedKey(key === undefined ? table : [...table, ...splitKey(key)]);
    if (!lines.has(place)) lines.set(place, index + 1);
  }
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(dottedKey(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** The path of a table header; a part that names an array of tables means its latest element. */
function enterTable(
  parts: readonly string[],
  isArrayElement: boolean,
  arrayLengths: Map<string, number>,
): KeyPath {
  const path: (string | number)[] = [];
  for (const [index, part] of parts.entries()) {
    path.push(part);
    const place = dottedKey(path);
    if (isArrayElement && index === parts.length - 1) {
      arrayLengths.set(place, (arrayLengths.get(place) ?? 0) + 1);
    }
    const length = arrayLengths.get(place);
    if (length !== undefined) path.push(length - 1);
  }
  return path;
}

function splitKey(key: string): string[] {
  const parts = key.match(/"[^"]*"|'[^']*'|[\w-]+/g) ?? [];
  return parts.map((part) => /^["']/.test(part) ? part.slice(1, -1) : part);
}
