import { randomBytes, randomSecret } from "../../shared/libcrypto/random.ts";
import { PoolExhaustedError } from "../../shared/memory/errors.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { type TicketKey, ticketKeyLength, ticketKeyNameLength } from "../tls/tickets/ticket_key_provider.ts";
import type { TicketKeySchedule } from "./schedule.ts";

/** A ticket key with its times, in milliseconds of its holder's clock. */
export interface AgingKey extends TicketKey {
  readonly madeAt: number;
  readonly sealsFrom: number;
  readonly sealsUntil: number;
  readonly opensUntil: number;
}

/**
 * A new key: random, and of nothing else (S3), with a random name (S4).
 *
 * `isFirst`: there is no key to seal with meanwhile, so it need not wait. Undefined while the pool is full: connections
 * go before tickets.
 */
export function makeAgingKey(
  pool: LockedPool,
  { sealsFor, opensFor, activationDelay }: TicketKeySchedule,
  now: number,
  isFirst: boolean,
): AgingKey | undefined {
  try {
    return {
      name: randomBytes(ticketKeyNameLength),
      secret: randomSecret(pool, ticketKeyLength),
      madeAt: now,
      sealsFrom: isFirst ? now : now + activationDelay,
      sealsUntil: now + sealsFor + activationDelay,
      opensUntil: now + opensFor,
    };
  } catch (error) {
    if (error instanceof PoolExhaustedError) return undefined;
    throw error;
  }
}
