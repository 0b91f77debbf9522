import type { ControlDelivery, ControlNote } from "./control_messages.ts";

/** Who takes what the supervisor says of the control channel. */
export interface ControlReceiver {
  deliver(delivery: ControlDelivery): void;
}

/** What the supervisor says of the control channel, kept until somebody takes it: it comes before the worker has started. */
export class ControlInbox {
  /** To the supervisor. */
  readonly say: (note: ControlNote) => void;
  #waiting: ControlDelivery[] = [];
  #receiver: ControlReceiver | undefined;

  constructor(say: (note: ControlNote) => void) {
    this.say = say;
  }

  set receiver(receiver: ControlReceiver) {
    this.#receiver = receiver;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const delivery of waiting) receiver.deliver(delivery);
  }

  deliver(delivery: ControlDelivery): void {
    if (this.#receiver === undefined) this.#waiting.push(delivery);
    else this.#receiver.deliver(delivery);
  }
}
