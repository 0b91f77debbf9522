/**
 * Owns every disposable of one connection, so that each is disposed exactly once on every path.
 *
 * States hold typed references, the keeper holds the ownership: a handler that throws half way cannot leak
 * what it had already derived, because it was kept the moment it existed.
 */
export class Keeper implements Disposable {
  readonly #kept = new Set<Disposable>();

  keep<T extends Disposable>(resource: T): T {
    this.#kept.add(resource);
    return resource;
  }

  /** Disposes now what is no longer needed. What is not kept (any more) is left alone. */
  release(...resources: (Disposable | undefined)[]): void {
    for (const resource of resources) {
      if (resource !== undefined && this.#kept.delete(resource)) resource[Symbol.dispose]();
    }
  }

  /** Gives up ownership: the caller disposes from here on. */
  handOver<T extends Disposable>(resource: T): T {
    this.#kept.delete(resource);
    return resource;
  }

  get size(): number {
    return this.#kept.size;
  }

  [Symbol.dispose](): void {
    const kept = [...this.#kept].reverse();
    this.#kept.clear();
    for (const resource of kept) resource[Symbol.dispose]();
  }
}
