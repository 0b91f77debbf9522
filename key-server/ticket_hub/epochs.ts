import type { TicketDomainEntity } from "../registry/entities/ticket_domain.ts";

/**
 * The epoch that begins now: by the second in which it does, so that a domain which is deleted and made again, or comes from
 * an old backup, does not begin one a second time; and never one that was.
 */
export function nextEpoch(former: TicketDomainEntity | undefined, now = new Date()): number {
  return Math.max((former?.epoch ?? 0) + 1, Math.floor(now.getTime() / 1000));
}
