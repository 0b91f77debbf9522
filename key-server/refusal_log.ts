import type { Logger } from "../shared/log.ts";

/** Records a second; what is above is counted in the next record, so that a flood does not become one of logs. */
const recordsPerSecond = 50;

/** Writes one log record for each refusal, with the edge's name, within a rate. */
export class RefusalLog {
  readonly #log: Logger;
  readonly #now: () => number;
  #second = 0;
  #written = 0;
  #suppressed = 0;

  /** `now` in milliseconds. */
  constructor(log: Logger, now: () => number = Date.now) {
    this.#log = log;
    this.#now = now;
  }

  write(record: Record<string, unknown>, message: string): void {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#written = 0;
    }
    if (this.#written >= recordsPerSecond) {
      this.#suppressed++;
      return;
    }
    this.#written++;
    const suppressed = this.#suppressed === 0 ? {} : { suppressed: this.#suppressed };
    this.#suppressed = 0;
    this.#log.warn({ ...record, ...suppressed }, message);
  }
}
