/**
 * The calls that are in a token at this moment, and whether it answers. It hangs when a call has been in it for longer than
 * the patience, no call that began later has come back, and none at all came back in that time: a single session that is
 * stuck, or one slow operation, is no token that hangs.
 */
export class CallWatch {
  readonly #patience: number;
  /** When each began, by its number; in their order. */
  readonly #calls = new Map<number, number>();
  #next = 0;
  /** The latest to begin of those that came back. */
  #overtaking = -1;
  #lastReturn = -Infinity;

  /** `patience` in milliseconds. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** A call begins; what is returned is to be called once, when it comes back, whatever it answers. */
  begin(): () => void {
    const number = this.#next++;
    this.#calls.set(number, performance.now());
    return () => {
      this.#calls.delete(number);
      this.#overtaking = Math.max(this.#overtaking, number);
      this.#lastReturn = performance.now();
    };
  }

  /** Watches a call to its end. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    const end = this.begin();
    try {
      return await call();
    } finally {
      end();
    }
  }

  get hangs(): boolean {
    const longAgo = performance.now() - this.#patience;
    if (this.#lastReturn > longAgo) return false;
    for (const [number, began] of this.#calls) {
      if (number > this.#overtaking) return began < longAgo;
    }
    return false;
  }
}
