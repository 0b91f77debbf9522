/** Looks in a row after which a queue that nothing was taken from has nobody who takes. */
const patience = 4;

/**
 * Finds out that a listener is dead. Deno's accept nothing more once they have met EMFILE or ENFILE, and tell nobody;
 * what shows it is a queue that is not empty and of which nothing is taken.
 *
 * Looks are counted, not timed: between two looks the event loop has turned, and a listener that lives has accepted.
 */
export class AcceptWatch {
  readonly #queueLength: () => number;
  #looksInVain = 0;

  /** `queueLength` tells how many connections wait to be accepted. */
  constructor(queueLength: () => number) {
    this.#queueLength = queueLength;
  }

  /** A connection was accepted. */
  accepted(): void {
    this.#looksInVain = 0;
  }

  /** Call from time to time. True once the listener is dead. */
  look(): boolean {
    this.#looksInVain = this.#queueLength() === 0 ? 0 : this.#looksInVain + 1;
    return this.#looksInVain >= patience;
  }
}
