import type { TicketEvents } from "./ticket_events.ts";
import { sealedTickets, type TicketFormat } from "./ticket_format.ts";
import type { TicketKeyProvider } from "./ticket_key_provider.ts";

/** Whether and how sessions resume. */
export interface TicketPolicy {
  readonly keys: TicketKeyProvider;
  /** Tickets a TLS 1.3 handshake issues; 2 by default. */
  readonly count?: number;
  /** Milliseconds a ticket lives; 24 hours by default, which is also the most. */
  readonly lifetime?: number;
  /** `sealedTickets` by default; another one is for whoever has to read tickets of another kind. */
  readonly format?: TicketFormat;
  readonly events?: TicketEvents;
}

/** The format that a policy seals and opens tickets in. */
export function formatOf({ format }: TicketPolicy): TicketFormat {
  return format ?? sealedTickets;
}

/** The longest that a session may be resumed, whatever a policy says: 24 hours in milliseconds. */
export const longestLifetime = 24 * 3600 * 1000;

/** Of a policy of tickets, or of session ids. */
export function lifetimeOf(policy: Pick<TicketPolicy, "lifetime">): number {
  return Math.min(policy.lifetime ?? longestLifetime, longestLifetime);
}
