import type { TaggedName } from "./served_name.ts";
import type { Update } from "./server_messages.ts";

/** Bytes of base64 after which a part is full: an edge reads and checks one in a few milliseconds. */
const partSize = 256 << 10;

/** Names that one part takes away at most. */
const mostRemoved = 2000;

/** What all parts of an update repeat. */
export type UpdateHeader = Pick<Update, "lineage" | "version" | "from">;

/**
 * Cuts an update into parts, each made when it is asked for: whoever writes them holds one at a time. There is always at
 * least one part, and the last has `more: false`.
 */
export function* updateParts(
  header: UpdateHeader,
  removed: readonly string[],
  put: Iterable<TaggedName>,
): Generator<Update, void> {
  let part: Update = { ...header, put: [], remove: [], more: true };
  let size = 0;
  const next = (): Update => {
    const full = part;
    part = { ...part, put: [], remove: [] };
    size = 0;
    return full;
  };
  for (const name of removed) {
    part.remove.push(name);
    if (part.remove.length >= mostRemoved) yield next();
  }
  for (const name of put) {
    const length = sizeOf(name);
    if (size > 0 && size + length > partSize) yield next();
    part.put.push(name);
    size += length;
  }
  yield { ...part, more: false };
}

/** About how many bytes a name has on the wire. */
export function sizeOf({ content }: TaggedName): number {
  const ders = [
    ...content.certificates.flatMap(({ chain }) => chain),
    ...content.challenges.map(({ certificate }) => certificate),
  ];
  const names = (content.serverNames ?? []).concat(content.challenges.map(({ serverName }) => serverName));
  return 500 + [...ders, ...names].reduce((sum, { length }) => sum + length + 20, 0);
}
