import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { TicketKey } from "../tls/tickets/ticket_key_provider.ts";
import { makeAgingKey } from "./aging_key.ts";
import { keyClock } from "./key_clock.ts";
import { KeyRing, type KeyStatus } from "./key_ring.ts";
import { type TicketKeySchedule, ticketKeySchedule } from "./schedule.ts";
import type { TicketKeySource } from "./ticket_key_source.ts";

export interface LocalTicketKeysOptions {
  /** Where the keys live. */
  readonly pool: LockedPool;
  /** Laid over the default: 12 hours sealing, 36 hours opening, no delay, as nobody else has to learn a new key. */
  readonly schedule?: Partial<TicketKeySchedule>;
  /** Milliseconds since some fixed moment; must not go back. */
  readonly now?: () => number;
}

/**
 * Random keys of this process alone, renewed by time and never by count (S13).
 *
 * It makes a key when one is asked for and due, so it works without a timer; but only `tick` zeroes an old key while
 * nobody connects ({@link keepTicking}).
 */
export class LocalTicketKeys implements TicketKeySource {
  readonly #pool: LockedPool;
  readonly #schedule: TicketKeySchedule;
  readonly #now: () => number;
  readonly #ring: KeyRing;

  /** Throws TicketKeyScheduleError. */
  constructor({ pool, schedule, now = keyClock() }: LocalTicketKeysOptions) {
    this.#pool = pool;
    this.#schedule = ticketKeySchedule({ activationDelay: 0, ...schedule });
    this.#now = now;
    this.#ring = new KeyRing(now);
  }

  sealingKey(): TicketKey | undefined {
    this.#renew();
    return this.#ring.sealingKey();
  }

  openingKey(name: Uint8Array): TicketKey | undefined {
    return this.#ring.openingKey(name);
  }

  tick(): void {
    this.#ring.expire();
    this.#renew();
  }

  status(): KeyStatus[] {
    return this.#ring.status();
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
  }

  #renew(): void {
    const now = this.#now();
    const newest = this.#ring.keys[0];
    if (newest !== undefined && now - newest.madeAt < this.#schedule.sealsFor) return;
    const isFirst = this.#ring.sealingKey() === undefined;
    const key = makeAgingKey(this.#pool, this.#schedule, now, isFirst);
    if (key !== undefined) this.#ring.add([key]);
  }
}
