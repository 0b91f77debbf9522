/**
 * The bound, in milliseconds, that 99 of 100 samples between two readings of a histogram kept: a bucket's upper end, so
 * the truth lies at or below it. Infinity when it is above every bucket, undefined without samples.
 */
export function lagP99(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number | undefined {
  const counted = [...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const)
    .toSorted(([a], [b]) => a - b);
  const all = counted.at(-1)?.[1] ?? 0;
  if (all === 0) return undefined;
  return 1000 * counted.find(([, count]) => count >= 0.99 * all)![0];
}
