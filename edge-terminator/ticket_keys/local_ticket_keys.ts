import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { defaultTicketDomain, type TicketKey } from "../tls/tickets/ticket_key_provider.ts";
import { makeAgingKey } from "./aging_key.ts";
import { keyClock } from "./key_clock.ts";
import type { KeyStatus } from "./key_ring.ts";
import { KeyRings } from "./key_rings.ts";
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
  readonly #rings: KeyRings;

  /** Throws TicketKeyScheduleError. */
  constructor({ pool, schedule, now = keyClock() }: LocalTicketKeysOptions) {
    this.#pool = pool;
    this.#schedule = ticketKeySchedule({ activationDelay: 0, ...schedule });
    this.#now = now;
    this.#rings = new KeyRings(now);
    this.#rings.of(defaultTicketDomain);
  }

  sealingKey(domain: string): TicketKey | undefined {
    this.#renew(domain);
    return this.#rings.sealingKey(domain);
  }

  openingKey(name: Uint8Array, domain: string): TicketKey | undefined {
    return this.#rings.openingKey(name, domain);
  }

  tick(): void {
    this.#rings.expire();
    for (const domain of this.#rings.domains) this.#renew(domain);
  }

  status(): KeyStatus[] {
    return this.#rings.status();
  }

  [Symbol.dispose](): void {
    this.#rings[Symbol.dispose]();
  }

  #renew(domain: string): void {
    const now = this.#now();
    const ring = this.#rings.of(domain);
    const newest = ring.keys[0];
    if (newest !== undefined && now - newest.madeAt < this.#schedule.sealsFor) return;
    // While there is no key to seal with, nobody waits.
    const sealsIn = ring.sealingKey() === undefined ? 0 : this.#schedule.activationDelay;
    const key = makeAgingKey(this.#pool, this.#schedule, now, { domain, epoch: 0, sealsIn });
    if (key !== undefined) ring.add([key]);
  }
}
