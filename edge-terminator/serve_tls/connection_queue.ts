/** Connections between whoever accepts them and the one program that takes them. */
export class ConnectionQueue<T> {
  readonly #waiting: T[] = [];
  #taker: PromiseWithResolvers<T | undefined> | undefined;
  #isClosed = false;

  /** False: nobody will ever take it. */
  offer(connection: T): boolean {
    if (this.#isClosed) return false;
    if (this.#taker === undefined) this.#waiting.push(connection);
    else this.#taker.resolve(connection);
    this.#taker = undefined;
    return true;
  }

  /** The next one; undefined once the queue is closed. By one caller at a time. */
  take(): Promise<T | undefined> {
    const next = this.#waiting.shift();
    if (next !== undefined || this.#isClosed) return Promise.resolve(next);
    this.#taker = Promise.withResolvers();
    return this.#taker.promise;
  }

  /** Returns those that nobody has taken. */
  close(): T[] {
    this.#isClosed = true;
    this.#taker?.resolve(undefined);
    this.#taker = undefined;
    return this.#waiting.splice(0);
  }
}
