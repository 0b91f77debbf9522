interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** What happens when, by a clock of its own: the same run for the same numbers. A binary heap. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #order = 0;
  /** Milliseconds. */
  now = 0;

  after(milliseconds: number, happen: () => void): void {
    this.at(this.now + milliseconds, happen);
  }

  /** At a moment that is not over; of two at the same moment the one that was asked for first is first. */
  at(moment: number, happen: () => void): void {
    const event = { at: moment, order: this.#order++, happen };
    let at = this.#heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(this.#heap[parent]!, event)) break;
      this.#heap[at] = this.#heap[parent]!;
      at = parent;
    }
    this.#heap[at] = event;
  }

  /** Lets things happen until `isDone`, nothing is left, or it is `end`. Says whether it was done. */
  runUntil(isDone: () => boolean, end: number): boolean {
    while (!isDone()) {
      const event = this.#next();
      if (event === undefined || event.at > end) return false;
      this.now = event.at;
      event.happen();
    }
    return true;
  }

  #next(): Event | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (let child = 1; child < this.#heap.length; child = 2 * at + 1) {
      const right = child + 1;
      if (right < this.#heap.length && isBefore(this.#heap[right]!, this.#heap[child]!)) child = right;
      if (isBefore(last, this.#heap[child]!)) break;
      this.#heap[at] = this.#heap[child]!;
      at = child;
    }
    this.#heap[at] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
