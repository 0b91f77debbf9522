/** What several rounds of one measurement come to. Units are the values' own. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** One for each round, in order. */
  readonly values: readonly number[];
}

/** @throws {RangeError} of no values: a median of nothing would pass for a figure */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: percentile(sorted, 0.5), min: sorted[0]!, max: sorted.at(-1)!, values };
}

/**
 * The value below which `fraction` (0 to 1) of the values lie, interpolated between neighbours.
 *
 * @param sorted ascending
 * @throws {RangeError} of no values
 */
export function percentile(sorted: readonly number[], fraction: number): number {
  if (sorted.length === 0) throw new RangeError("Cannot take a percentile: no values");
  const place = fraction * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}

/** For a table: "312 (305..340)", with as many decimals as the size of the figure is worth. */
export function formatSpread({ median, min, max }: Spread): string {
  const decimals = decimalsFor(median);
  const [middle, low, high] = [median, min, max].map((value) => value.toFixed(decimals));
  return low === high ? `${middle}` : `${middle} (${low}..${high})`;
}

/** Three significant digits for small figures, none after the point from 100 on. */
function decimalsFor(value: number): number {
  const size = Math.abs(value);
  if (size >= 100) return 0;
  return size >= 10 ? 1 : size >= 1 ? 2 : 3;
}
