import { IssuanceError } from "../errors.ts";

/** An order that comes to nothing any more: refused, or forgotten by the CA. A new one may do better. */
export class OrderGoneError extends IssuanceError {
  constructor(reason: string, options?: ErrorOptions) {
    super("get a certificate", reason, options);
  }
}
