import type { TicketLink } from "../control/ticket_messages.ts";

interface Waiting {
  readonly from: string;
  readonly body: string;
}

/** Messages and characters that wait for one member at most; and of them, messages of one sender. */
const most = { messages: 4096, characters: 4 << 20, fromOne: 256 };

export type OutboxResult = "delivered" | "queued" | "dropped";

/**
 * What was said to one member and that it has not taken yet. It is forgotten as it is handed over. A sender that says too
 * much loses its own newest; nobody loses a message for another's sake before the whole is full.
 */
export class Outbox {
  readonly #waiting: Waiting[] = [];
  readonly #bySender = new Map<string, number>();
  #characters = 0;
  #isSending = false;
  #link: TicketLink | undefined;

  get characters(): number {
    return this.#characters;
  }

  /** Undefined: the member is lost, and what is said to it waits. */
  connect(link: TicketLink | undefined): void {
    this.#link = link;
    void this.#deliver();
  }

  push(from: string, body: string): OutboxResult {
    const fromOne = this.#bySender.get(from) ?? 0;
    const isFull = fromOne >= most.fromOne || this.#waiting.length >= most.messages ||
      this.#characters + body.length > most.characters;
    if (isFull) return "dropped";
    this.#waiting.push({ from, body });
    this.#bySender.set(from, fromOne + 1);
    this.#characters += body.length;
    void this.#deliver();
    return this.#waiting.length === 0 ? "delivered" : "queued";
  }

  /** Nobody can open any of it any more. */
  clear(): void {
    this.#waiting.length = 0;
    this.#bySender.clear();
    this.#characters = 0;
  }

  async #deliver(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let link = this.#link; link?.isOpen && this.#waiting.length > 0; link = this.#link) {
        const { from, body } = this.#take();
        await link.send({ type: "ticket-message", from, body });
      }
    } finally {
      this.#isSending = false;
    }
  }

  #take(): Waiting {
    const next = this.#waiting.shift()!;
    const left = this.#bySender.get(next.from)! - 1;
    if (left === 0) this.#bySender.delete(next.from);
    else this.#bySender.set(next.from, left);
    this.#characters -= next.body.length;
    return next;
  }
}
