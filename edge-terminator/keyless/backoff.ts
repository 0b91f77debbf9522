export interface BackoffOptions {
  /** The first delay, in milliseconds. */
  readonly initial: number;
  /** The longest delay, in milliseconds. */
  readonly maximum: number;
  /** A number in [0, 1); tests have their own. */
  readonly random?: () => number;
}

/**
 * Delays that double up to a maximum, each drawn from the upper half of its range: workers that lost the same
 * key server at the same moment do not come back in step, and none waits longer than the maximum.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #ceiling: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#ceiling = options.initial;
  }

  /** The next delay, in milliseconds. */
  next(): number {
    const ceiling = this.#ceiling;
    this.#ceiling = Math.min(ceiling * 2, this.#options.maximum);
    return ceiling * (0.5 + 0.5 * (this.#options.random ?? Math.random)());
  }

  /** Starts over with the first delay. */
  reset(): void {
    this.#ceiling = this.#options.initial;
  }
}
