import { clearTimeout, setTimeout } from "node:timers";

/** Time as rotations see it; tests have their own. */
export interface Clock {
  now(): Date;
  /** Runs once after so many milliseconds, unless disposed before. Keeps no process alive. */
  after(milliseconds: number, run: () => void): Disposable;
}

/** The longest that a timer waits; a longer wait looks again in between. */
const longestTimer = 3_600_000;

export const systemClock: Clock = {
  now: () => new Date(),
  after(milliseconds, run) {
    const timer = setTimeout(run, Math.min(Math.max(milliseconds, 0), longestTimer));
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
