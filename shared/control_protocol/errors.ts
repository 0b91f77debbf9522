import { HoldfastError } from "../errors.ts";

/**
 * What came over a control connection does not follow the protocol: the connection has to be closed. Code
 * `control-protocol`.
 */
export class ControlProtocolError extends HoldfastError {
  constructor(message: string, options?: ErrorOptions) {
    super("control-protocol", message, options);
  }
}
