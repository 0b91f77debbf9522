import { randomBytes, randomSecret } from "../../shared/libcrypto/random.ts";
import { PoolExhaustedError } from "../../shared/memory/errors.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { type TicketKey, ticketKeyLength, ticketKeyNameLength } from "../tls/tickets/ticket_key_provider.ts";
import type { TicketKeySchedule } from "./schedule.ts";

/** Who made a key that this edge's own workers made. */
export const ownOrigin = "";

/** When a key seals that only opens: another edge's, or one that not everybody has yet. */
export const never = Infinity;

/** A ticket key with its times, in milliseconds of its holder's clock. */
export interface AgingKey extends TicketKey {
  /** The ticket domain that it is for. */
  readonly domain: string;
  /** The domain's epoch when it was made: a higher one ends it. */
  readonly epoch: number;
  /** {@link ownOrigin}, or the instance of the edge that made it. */
  readonly origin: string;
  readonly madeAt: number;
  /** May be {@link never}. */
  readonly sealsFrom: number;
  readonly sealsUntil: number;
  readonly opensUntil: number;
}

/** Whose key it will be, and from when on it seals. */
export interface NewKey {
  readonly domain: string;
  readonly epoch: number;
  /** In milliseconds from now; {@link never}: it waits for others to say that they have it. */
  readonly sealsIn: number;
  /** Milliseconds for which it seals on while its successor waits for others. */
  readonly sealsOn?: number;
}

/**
 * A new key of this edge: random, and of nothing else (S3), with a random name (S4). Undefined while the pool is full:
 * connections go before tickets.
 */
export function makeAgingKey(
  pool: LockedPool,
  { sealsFor, opensFor, activationDelay }: TicketKeySchedule,
  now: number,
  { domain, epoch, sealsIn, sealsOn = 0 }: NewKey,
): AgingKey | undefined {
  try {
    return {
      name: randomBytes(ticketKeyNameLength),
      secret: randomSecret(pool, ticketKeyLength),
      domain,
      epoch,
      origin: ownOrigin,
      madeAt: now,
      sealsFrom: now + sealsIn,
      sealsUntil: now + sealsFor + activationDelay + sealsOn,
      opensUntil: now + opensFor,
    };
  } catch (error) {
    if (error instanceof PoolExhaustedError) return undefined;
    throw error;
  }
}
