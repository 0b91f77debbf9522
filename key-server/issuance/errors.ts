import { HoldfastError } from "../../shared/errors.ts";

/**
 * A key, request or certificate that cannot be made or taken. `intent` completes "Cannot ...". Code `issuance`, or `conflict`
 * where the state of things forbids what would do otherwise.
 */
export class IssuanceError extends HoldfastError {
  constructor(
    intent: string,
    reason: string,
    { code = "issuance", ...options }: ErrorOptions & { readonly code?: "issuance" | "conflict" } = {},
  ) {
    super(code, `Cannot ${intent}: ${reason}`, options);
  }
}
