import { HoldfastError } from "../../shared/errors.ts";
import type { KeylessErrorCode } from "../../shared/keyless_protocol/errors.ts";

/**
 * Why the edge got no answer to a key operation: a key server's own refusal, or what happened on the way.
 *
 * - `connection-lost`: the channel ended with the request under way.
 * - `no-key-server`: no key server could be reached within the deadline.
 * - `edge-overloaded`: a bound of the edge's own (requests in flight, bytes unsent, requests waiting) is reached.
 */
export type KeyOperationErrorCode =
  | KeylessErrorCode
  | "connection-lost"
  | "no-key-server"
  | "edge-overloaded"
  | "signer-closed";

/** A key operation that got no answer. `keyServer` names the key server that it was asked of last, if any. */
export class KeyOperationError extends HoldfastError {
  override readonly code: KeyOperationErrorCode;
  readonly keyServer: string | undefined;

  constructor(
    code: KeyOperationErrorCode,
    reason: string,
    options: ErrorOptions & { keyServer?: string | undefined } = {},
  ) {
    super(code, `Cannot complete the private key operation: ${reason}`, options);
    this.code = code;
    this.keyServer = options.keyServer;
  }
}

/** Why a channel ended, or never came about. */
export type ChannelErrorCode =
  | "identity-unusable"
  | "connect-failed"
  | "connect-timeout"
  | "alpn-missing"
  | "edge-refused"
  | "protocol-violation"
  | "closed-by-key-server"
  | "silent"
  | "certificate-expired"
  | "closed";

/** Why a channel to a key server could not be opened, or ended. */
export class ChannelError extends HoldfastError {
  override readonly code: ChannelErrorCode;
  readonly reason: string;

  constructor(code: ChannelErrorCode, reason: string, options?: ErrorOptions) {
    super(code, `Cannot use the channel to the key server: ${reason}`, options);
    this.code = code;
    this.reason = reason;
  }
}
