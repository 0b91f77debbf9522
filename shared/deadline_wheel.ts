/** A deadline that was set and can be taken back. */
export interface Deadline {
  readonly dueTick: number;
  readonly onDeadline: () => void;
}

export interface DeadlineWheelOptions {
  /** Milliseconds between two looks at the wheel: how late a deadline may fire. Default 10. */
  tick?: number;
  slots?: number;
  /** Milliseconds of a monotonic clock; tests have their own. */
  now?: () => number;
}

/**
 * Deadlines by the thousand with one timer, which runs only while there is a deadline: setting and clearing one
 * costs a set operation each, where a timer each would cost an entry in the runtime's timer heap.
 *
 * A deadline never fires early, and late by at most a tick and what the event loop itself is late.
 */
export class DeadlineWheel implements Disposable {
  readonly #slots: Set<Deadline>[];
  readonly #tick: number;
  readonly #now: () => number;
  #current: number;
  #size = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DeadlineWheelOptions = {}) {
    this.#tick = options.tick ?? 10;
    this.#now = options.now ?? (() => performance.now());
    this.#slots = Array.from({ length: options.slots ?? 512 }, () => new Set());
    this.#current = this.#tickNow();
  }

  /** How many deadlines are set. */
  get size(): number {
    return this.#size;
  }

  /** Calls `onDeadline` once `milliseconds` have passed, unless it is cleared before. */
  set(milliseconds: number, onDeadline: () => void): Deadline {
    // The wheel stood still while it was empty: nothing can be due in the ticks that it missed.
    if (this.#size === 0) this.#current = this.#tickNow();
    const dueTick = Math.max(Math.ceil((this.#now() + milliseconds) / this.#tick), this.#current + 1);
    const deadline = { dueTick, onDeadline };
    this.#slotOf(dueTick).add(deadline);
    this.#size++;
    this.#timer ??= setTimeout(() => this.advance(), this.#tick);
    return deadline;
  }

  /** Takes a deadline back; one that has fired or was cleared is ignored. */
  clear(deadline: Deadline): void {
    if (!this.#slotOf(deadline.dueTick).delete(deadline)) return;
    this.#size--;
    this.#stopWhenEmpty();
  }

  /** Fires what is due. The timer calls it; tests with a clock of their own do too. */
  advance(): void {
    this.#timer = undefined;
    const target = this.#tickNow();
    // After a stall of more than a turn each slot is looked at once.
    const first = Math.max(this.#current + 1, target - this.#slots.length + 1);
    this.#current = target;
    for (let tick = first; tick <= target; tick++) this.#fireSlot(tick, target);
    if (this.#size > 0) this.#timer ??= setTimeout(() => this.advance(), this.#tick);
  }

  [Symbol.dispose](): void {
    for (const slot of this.#slots) slot.clear();
    this.#size = 0;
    this.#stopWhenEmpty();
  }

  #fireSlot(tick: number, target: number): void {
    const slot = this.#slotOf(tick);
    for (const deadline of [...slot]) {
      if (deadline.dueTick > target || !slot.delete(deadline)) continue;
      this.#size--;
      deadline.onDeadline();
    }
  }

  #stopWhenEmpty(): void {
    if (this.#size > 0 || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tickNow(): number {
    return Math.floor(this.#now() / this.#tick);
  }

  #slotOf(tick: number): Set<Deadline> {
    return this.#slots[tick % this.#slots.length]!;
  }
}
