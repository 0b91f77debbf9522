import { HoldfastError } from "../../shared/errors.ts";

/** The edge got no certificate, or one that it cannot use. Code `enrolment`, or the key server's own code. */
export class EnrolmentError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions, code = "enrolment") {
    super(code, `Cannot enrol this edge: ${reason}`, options);
  }
}
