/** How long a crashed worker's slot stays empty. */
export interface RestartTiming {
  /** Milliseconds before the second restart in a row; it doubles from there. */
  readonly first: number;
  /** Milliseconds that it never goes over: connections that queue in the slot wait that long at most. */
  readonly longest: number;
  /** A worker that lived this many milliseconds is forgiven what came before. */
  readonly forgivenAfter: number;
}

/** Milliseconds. */
export const defaultRestartTiming: RestartTiming = { first: 100, longest: 5000, forgivenAfter: 60_000 };

/** The pause before each restart of one slot's worker: none for the first, then growing, capped. */
export class RestartBackoff {
  readonly #timing: RestartTiming;
  #restarts = 0;

  constructor(timing: RestartTiming = defaultRestartTiming) {
    this.#timing = timing;
  }

  /** Milliseconds to wait, given how long the worker that just ended had been serving (0: it never did). */
  next(served: number): number {
    const { first, longest, forgivenAfter } = this.#timing;
    if (served >= forgivenAfter) this.#restarts = 0;
    const restarts = this.#restarts++;
    return restarts === 0 ? 0 : Math.min(longest, first * 2 ** (restarts - 1));
  }
}
