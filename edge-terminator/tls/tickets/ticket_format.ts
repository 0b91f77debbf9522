import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import type { SessionState } from "./session_state.ts";
import { openTicket, type ResumableSession, sealTicket } from "./ticket.ts";
import type { TicketKeyProvider } from "./ticket_key_provider.ts";

/** How a session becomes a ticket and a ticket a session. Whatever it opens is held to the terms of a resumption. */
export interface TicketFormat {
  /** Undefined: no ticket. The secret stays the caller's. */
  seal(keys: TicketKeyProvider, domain: string, state: SessionState, secret: Secret): Uint8Array | undefined;
  /** Undefined: the ticket is no good. The receiver disposes the secret, which has `secretLength` bytes. */
  open(
    pool: LockedPool,
    keys: TicketKeyProvider,
    domain: string,
    ticket: Uint8Array,
    secretLength: number,
  ): ResumableSession | undefined;
}

/** Ours: `ticket.ts` has the layout. */
export const sealedTickets: TicketFormat = { seal: sealTicket, open: openTicket };
