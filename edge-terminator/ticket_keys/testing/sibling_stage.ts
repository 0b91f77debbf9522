import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { TicketKeySchedule } from "../schedule.ts";
import type { RosterMember, SiblingPost } from "../sharing/roster.ts";
import { SharedTicketKeys } from "../sharing/shared_ticket_keys.ts";
import { defaultTicketDomain } from "../../tls/tickets/ticket_key_provider.ts";

export interface StagedSibling {
  readonly id: number;
  readonly pool: LockedPool;
  readonly keys: SharedTicketKeys;
}

interface Letter {
  readonly from: number;
  readonly to: number;
  readonly message: Uint8Array;
}

/** Workers that share keys, with the supervisor's part played by hand and one clock for all. */
export class SiblingStage implements Disposable {
  now = 0;
  readonly siblings = new Map<number, StagedSibling>();
  /** Everything that was ever sent. */
  readonly letters: Letter[] = [];
  readonly refused: string[] = [];
  /** Whether messages wait for `deliver`. */
  isHolding = false;
  #members: RosterMember[] = [];
  #waiting: Letter[] = [];
  #isTelling = false;

  constructor(readonly schedule: Partial<TicketKeySchedule> = {}) {}

  /** A new worker joins. */
  start(id: number, schedule = this.schedule): StagedSibling {
    const pool = LockedPool.open({ totalBytes: 64 * 128 });
    const joins: Uint8Array[] = [];
    let isThere = false;
    const post: SiblingPost = {
      join: (publicKey) => {
        joins.push(publicKey);
        if (isThere) this.#join(id, publicKey);
      },
      send: (to, message) => this.#send({ from: id, to, message }),
    };
    const keys = new SharedTicketKeys({
      pool,
      post,
      schedule,
      now: () => this.now,
      onRefused: (_, error) => this.refused.push(error.message),
    });
    const sibling = { id, pool, keys };
    this.siblings.set(id, sibling);
    isThere = true;
    this.#join(id, joins[0]!);
    return sibling;
  }

  /** A worker dies, with what it holds. */
  kill(id: number): void {
    this.siblings.get(id)?.keys[Symbol.dispose]();
    this.siblings.get(id)?.pool[Symbol.dispose]();
    this.siblings.delete(id);
    this.#members = this.#members.filter((member) => member.id !== id);
    this.#tellRoster();
  }

  /** Lets time pass in the given steps, with a tick of every worker after each, the oldest first. */
  pass(...steps: number[]): void {
    for (const step of steps) {
      this.now += step;
      for (const { keys } of this.siblings.values()) keys.tick();
    }
  }

  /** Delivers what was held; `choose` may drop messages. */
  deliver(choose: (letter: Letter) => boolean = () => true): void {
    this.isHolding = false;
    for (const letter of this.#waiting.splice(0).filter(choose)) this.#carry(letter);
  }

  /** Names of the keys that a worker holds, newest first. */
  names(id: number): string[] {
    return this.siblings.get(id)!.keys.status().map(({ name }) => name.join());
  }

  sealingName(id: number): string | undefined {
    return this.siblings.get(id)!.keys.sealingKey(defaultTicketDomain)?.name.join();
  }

  /** Gives back all keys; the pools stay for the test to look at. */
  end(): void {
    for (const { keys } of this.siblings.values()) keys[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #join(id: number, publicKey: Uint8Array): void {
    const at = this.#members.findIndex((member) => member.id === id);
    if (at < 0) this.#members = [...this.#members, { id, publicKey }];
    else this.#members = this.#members.with(at, { id, publicKey });
    this.#tellRoster();
  }

  #tellRoster(): void {
    const members = this.#members;
    // The supervisor tells everybody before it reads what the first one answers.
    this.#isTelling = true;
    for (const { id, keys } of [...this.siblings.values()]) {
      if (members.some((member) => member.id === id)) keys.takeRoster({ self: id, members });
    }
    this.#isTelling = false;
    if (!this.isHolding) this.deliver();
  }

  #send(letter: Letter): void {
    this.letters.push(letter);
    if (this.isHolding || this.#isTelling) this.#waiting.push(letter);
    else this.#carry(letter);
  }

  #carry({ from, to, message }: Letter): void {
    this.siblings.get(to)?.keys.receive(from, message);
  }
}
