import { HoldfastError } from "../../shared/errors.ts";

/** Codes of enrolment's refusals: what the edge did wrong, or what is missing here. */
export type EnrolmentErrorCode = "token-refused" | "edge-revoked" | "invalid-request" | "not-available";

/** An edge that gets no certificate. The words are for whoever runs the edge. */
export class EnrolmentError extends HoldfastError {
  declare readonly code: EnrolmentErrorCode;

  constructor(code: EnrolmentErrorCode, reason: string, options?: ErrorOptions) {
    super(code, `Cannot enrol the edge: ${reason}`, options);
  }
}
