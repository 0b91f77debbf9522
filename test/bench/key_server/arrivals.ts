/** Messages to arrivals_worker.ts. */
export interface ArrivalsJob {
  /** Int32: how many arrivals have come. */
  readonly come: Int32Array<SharedArrayBuffer>;
  /** When each comes, in milliseconds since the Unix epoch. */
  readonly times: Float64Array<ArrayBuffer>;
}

/**
 * A Poisson process: arrivals at a rate, each at its own time and not in bursts at the ticks of a timer. A thread
 * sleeps from one to the next and wakes this one.
 */
export class Arrivals implements Disposable {
  readonly #times: Float64Array<ArrayBuffer>;
  readonly #come = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker = new Worker(import.meta.resolve("./arrivals_worker.ts"), { type: "module" });

  private constructor(times: Float64Array<ArrayBuffer>) {
    this.#times = times;
  }

  /** `rate` a second, for `seconds`; the first comes half a second from now. */
  static async start(rate: number, seconds: number): Promise<Arrivals> {
    const times = new Float64Array(Math.max(1, Math.round(rate * seconds)));
    const arrivals = new Arrivals(times);
    await new Promise((resolve) => arrivals.#worker.onmessage = resolve);
    let at = performance.timeOrigin + performance.now() + 500;
    for (let index = 0; index < times.length; index++) {
      times[index] = at += -Math.log(1 - Math.random()) * 1000 / rate;
    }
    arrivals.#worker.postMessage({ come: arrivals.#come, times } satisfies ArrivalsJob);
    return arrivals;
  }

  get count(): number {
    return this.#times.length;
  }

  /** When an arrival comes, by performance.now() of this thread. */
  timeOf(index: number): number {
    return this.#times[index]! - performance.timeOrigin;
  }

  /** Waits until more than `seen` have come; resolves to how many. */
  async moreThan(seen: number): Promise<number> {
    for (let come = Atomics.load(this.#come, 0);; come = Atomics.load(this.#come, 0)) {
      if (come > seen) return come;
      await Atomics.waitAsync(this.#come, 0, come).value;
    }
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
