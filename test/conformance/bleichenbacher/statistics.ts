/** Two samples whose means differ by more than this many standard errors do not differ by chance. */
export const significantT = 4.5;

/** Mean and variance in one pass (Welford). */
function moments(sample: readonly number[]): { mean: number; variance: number } {
  let [mean, squares] = [0, 0];
  for (const [index, value] of sample.entries()) {
    const delta = value - mean;
    mean += delta / (index + 1);
    squares += delta * (value - mean);
  }
  return { mean, variance: squares / (sample.length - 1) };
}

/** Welch's t of two samples of two values or more: the difference of their means in standard errors. */
export function welchT(a: readonly number[], b: readonly number[]): number {
  const [first, second] = [moments(a), moments(b)];
  const error = Math.sqrt(first.variance / a.length + second.variance / b.length);
  return (first.mean - second.mean) / error;
}

export function mean(sample: readonly number[]): number {
  return moments(sample).mean;
}

/** The sample without what lies above the limit: interruptions, which have nothing to do with what is measured. */
export function below(limit: number, sample: readonly number[]): number[] {
  return sample.filter((value) => value <= limit);
}

/** The value that `share` of all samples together do not exceed. One limit for all: it cannot hide a difference. */
export function quantile(share: number, samples: Iterable<readonly number[]>): number {
  const sorted = Float64Array.from([...samples].flat()).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
