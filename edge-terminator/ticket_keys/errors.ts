import { HoldfastError } from "../../shared/errors.ts";

/** A schedule that contradicts itself. Code `ticket-key-schedule`. */
export class TicketKeyScheduleError extends HoldfastError {
  constructor(reason: string) {
    super("ticket-key-schedule", `Cannot schedule ticket keys: ${reason}`);
  }
}

/** A ticket key file that is not to be used. Code `ticket-key-file`. Never carries what the file says. */
export class TicketKeyFileError extends HoldfastError {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super("ticket-key-file", `Cannot take ticket keys from ${path}: ${reason}`, options);
  }
}

/** A sibling's message that is malformed, replayed, or not for this worker. Code `sibling-message`. */
export class SiblingMessageError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions) {
    super("sibling-message", `Cannot take ticket keys from a sibling: ${reason}`, options);
  }
}

/** A member of a ticket domain that is none, or not the one that it is said to be. Code `ticket-member`. */
export class TicketMemberError extends HoldfastError {
  constructor(edge: string, reason: string) {
    super("ticket-member", `Cannot share ticket keys with ${edge}: ${reason}`);
  }
}

/** Another edge's letter that is malformed, replayed, or not for this one. Code `ticket-letter`. */
export class LetterError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions) {
    super("ticket-letter", `Cannot take ticket keys from another edge: ${reason}`, options);
  }
}
