import { HoldfastError } from "../../shared/errors.ts";

/** A key, request or certificate that cannot be made or taken. `intent` completes "Cannot ...". Code `issuance`. */
export class IssuanceError extends HoldfastError {
  constructor(intent: string, reason: string, options?: ErrorOptions) {
    super("issuance", `Cannot ${intent}: ${reason}`, options);
  }
}
