import { clearTimeout, setTimeout } from "node:timers";

/** Milliseconds between two samples: 50 a second cost nothing that could be measured. */
const interval = 20;

/**
 * Samples how late the event loop comes to a timer: what every request has to wait besides. Timers have a resolution of
 * 1 ms, so an idle process shows up to that much. It keeps no process running.
 */
export class EventLoopLag implements Disposable {
  readonly #observe: (seconds: number) => void;
  #timer: ReturnType<typeof setTimeout>;

  constructor(observe: (seconds: number) => void) {
    this.#observe = observe;
    this.#timer = this.#next();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #next(): ReturnType<typeof setTimeout> {
    const due = performance.now() + interval;
    const timer = setTimeout(() => {
      this.#observe(Math.max(0, performance.now() - due) / 1000);
      this.#timer = this.#next();
    }, interval);
    timer.unref();
    return timer;
  }
}
