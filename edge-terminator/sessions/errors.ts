import { HoldfastError } from "../../shared/errors.ts";

/** A message about sessions that is malformed, not for the receiver, or from nobody it knows. Code `session-message`. */
export class SessionMessageError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions) {
    super("session-message", `Cannot take a message about sessions: ${reason}`, options);
  }
}
