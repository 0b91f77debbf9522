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

/** Milliseconds in the two largest units: `3h 5m`. */
export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const units = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first === -1) return "0s";
  const shown = units.slice(first, first + 2);
  let left = seconds;
  const parts = shown.map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return `${count}${unit}`;
  });
  return parts.join(" ");
}
