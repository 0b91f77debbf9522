/** Pieces of texts for people. */

/** An instant as a day. */
export function day(instant: string | null): string {
  return instant === null ? "-" : instant.slice(0, 10);
}

/** An instant as day and time, to the second. */
export function moment(instant: string | null): string {
  return instant === null ? "-" : instant.slice(0, 19).replace("T", " ") + "Z";
}

export function list(items: readonly string[], none = "-"): string {
  return items.length === 0 ? none : items.join(", ");
}

/** As much of a digest as tells it from others. */
export function shortId(id: string | null): string {
  return id === null ? "-" : id.slice(0, 12);
}
