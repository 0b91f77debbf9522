/**
 * Why a ticket resumed nothing: of a key that is not held; not whole, or of another release; past its life, or from the
 * future; made for another name, epoch, version, suite or client authentication.
 */
export type TicketRefusal = "unknown-key" | "unreadable" | "expired" | "other-terms";

/** Told of every ticket that is issued, and of every one that is looked at. */
export interface TicketEvents {
  issued(): void;
  resumed(): void;
  refused(reason: TicketRefusal): void;
}
