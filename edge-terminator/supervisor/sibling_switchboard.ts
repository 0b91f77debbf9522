import type { SiblingMessage } from "../worker/control_messages.ts";
import type { WorkerProcess } from "./worker_process.ts";

interface Member {
  readonly id: number;
  publicKey: string;
}

/**
 * Lets workers that share ticket keys reach each other: tells each who its siblings are, in the order in which they
 * joined, and carries their messages. Those are sealed from worker to worker: nothing here looks into them or keeps one.
 */
export class SiblingSwitchboard {
  /** In the order in which they joined. */
  readonly #members = new Map<WorkerProcess, Member>();
  #lastId = 0;

  /** Serves a worker from its start until it listens no longer, or ends. */
  add(worker: WorkerProcess): void {
    worker.onSiblingMessage = (message) => this.#receive(worker, message);
    worker.stoppedListening.then(() => this.#remove(worker));
  }

  #receive(worker: WorkerProcess, message: SiblingMessage): void {
    if (message.type === "join") this.#join(worker, message.publicKey);
    else this.#carry(worker, message.to, message.body);
  }

  #join(worker: WorkerProcess, publicKey: string): void {
    const member = this.#members.get(worker);
    if (member === undefined) this.#members.set(worker, { id: ++this.#lastId, publicKey });
    else member.publicKey = publicKey;
    this.#tellRoster();
  }

  #remove(worker: WorkerProcess): void {
    worker.onSiblingMessage = undefined;
    if (this.#members.delete(worker)) this.#tellRoster();
  }

  #tellRoster(): void {
    const members = [...this.#members.values()].map(({ id, publicKey }) => ({ id, publicKey }));
    for (const [worker, { id }] of this.#members) worker.send({ type: "roster", self: id, members });
  }

  #carry(sender: WorkerProcess, to: number, body: string): void {
    const from = this.#members.get(sender)?.id;
    const receiver = [...this.#members].find(([, { id }]) => id === to)?.[0];
    // One that has just ended: its successor will be sent the set anew.
    if (from !== undefined) receiver?.send({ type: "sibling", from, body });
  }
}
