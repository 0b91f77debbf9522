import { HoldfastError } from "../../shared/errors.ts";

/** Options that no server can be made of. Code `options-invalid`; the message names the option. */
export class ServeTlsOptionsError extends HoldfastError {
  constructor(option: string, reason: string, options?: ErrorOptions) {
    super("options-invalid", `Cannot serve TLS: ${option}: ${reason}`, options);
  }
}

export type TlsConnectionErrorCode = "connection-lost" | "connection-closed";

/**
 * Why a stream of a connection failed.
 *
 * - `connection-lost`: the connection ended without the client's close_notify; what was read may be cut off.
 * - `connection-closed`: this side closed it before.
 */
export class TlsConnectionError extends HoldfastError {
  override readonly code: TlsConnectionErrorCode;

  constructor(code: TlsConnectionErrorCode, reason: string, options?: ErrorOptions) {
    super(code, `Cannot use the TLS connection: ${reason}`, options);
    this.code = code;
  }
}
