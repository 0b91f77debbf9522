import { HoldfastError } from "../../shared/errors.ts";

export type AdminErrorCode =
  | "invalid-request"
  | "not-authorised"
  | "not-found"
  | "conflict"
  | "too-large"
  | "deadline-passed"
  | "not-available";

/** A call that is refused. The message is for whoever made it. */
export class AdminError extends HoldfastError {
  declare readonly code: AdminErrorCode;

  constructor(code: AdminErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Something that is named and is not there. */
export function notFound(intent: string, kind: string, id: string): AdminError {
  return new AdminError("not-found", `Cannot ${intent}: there is no ${kind} ${id}`);
}
