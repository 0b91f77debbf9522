import { Backoff, type BackoffOptions } from "./backoff.ts";

/** `closed` lets everything through, `open` nothing, `half-open` has one trial under way. */
export type BreakerState = "closed" | "open" | "half-open";

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly threshold: number;
  /** How long it stays open before a trial. */
  readonly backoff: BackoffOptions;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/**
 * Keeps handshakes away from a key server whose answers are failures, and lets one in a while find out whether
 * they still are.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #backoff: Backoff;
  #failures = 0;
  #state: BreakerState = "closed";
  #trialAt = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether an operation may begin: always when closed, as the one trial when the time for it has come. */
  get admits(): boolean {
    return this.#state === "closed" || (this.#state === "open" && this.#options.now() >= this.#trialAt);
  }

  /** Call when an operation begins. Beginning one that is not admitted is allowed: nobody else may be there. */
  began(): void {
    if (this.#state === "open" && this.admits) this.#state = "half-open";
  }

  /** An operation was answered, whichever it was: the key server works. */
  succeeded(): void {
    this.#failures = 0;
    this.#state = "closed";
    this.#backoff.reset();
  }

  /** An operation failed in a way that is the key server's fault. */
  failed(): void {
    this.#failures++;
    const opens = this.#state === "half-open" ||
      (this.#state === "closed" && this.#failures >= this.#options.threshold);
    if (!opens) return;
    this.#state = "open";
    this.#trialAt = this.#options.now() + this.#backoff.next();
  }

  /** An operation ended without saying anything about the key server: a trial goes to the next one. */
  undecided(): void {
    if (this.#state === "half-open") this.#state = "open";
  }
}
