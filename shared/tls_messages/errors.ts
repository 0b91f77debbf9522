import { HoldfastError } from "../errors.ts";
import { AlertDescription } from "../tls_constants.ts";

/** What every TLS error says besides its words. */
export interface TlsErrorDetails extends ErrorOptions {
  /** The alert that the RFC demands. */
  readonly alert: AlertDescription;
  /** BoringSSL's name of the mistake where it has one ("DECODE_ERROR"), without colons; ours in the same form otherwise. */
  readonly reason: string;
}

/**
 * A TLS connection cannot go on. The error says which alert to send; whoever sends alerts asks nothing else.
 * The families below are the `code`: they tell whose fault it is.
 */
export abstract class TlsError extends HoldfastError {
  readonly alert: AlertDescription;
  readonly reason: string;

  constructor(code: string, message: string, details: TlsErrorDetails) {
    super(code, message, details);
    this.alert = details.alert;
    this.reason = details.reason;
  }
}

/** The peer's bytes do not have the form of the message that they claim to be: decode_error. */
export class MalformedMessage extends TlsError {
  constructor(message: string, options: ErrorOptions & { readonly reason?: string } = {}) {
    const { reason = "DECODE_ERROR", ...rest } = options;
    super("malformed-message", message, { alert: AlertDescription.decode_error, reason, ...rest });
  }
}

/** The peer's message is well formed and breaks the protocol: illegal_parameter, unexpected_message and the like. */
export class PeerMisbehaved extends TlsError {
  constructor(message: string, details: TlsErrorDetails) {
    super("peer-misbehaved", message, details);
  }
}

/** Both sides did right and have nothing in common: handshake_failure, protocol_version and the like. */
export class NoCommonParameters extends TlsError {
  constructor(message: string, details: TlsErrorDetails) {
    super("no-common-parameters", message, details);
  }
}

/** We failed: internal_error, and the peer learns no more. */
export class InternalFailure extends TlsError {
  constructor(message: string, options: ErrorOptions & { readonly reason?: string } = {}) {
    const { reason = "INTERNAL_ERROR", ...rest } = options;
    super("internal-failure", message, { alert: AlertDescription.internal_error, reason, ...rest });
  }
}

/** PeerMisbehaved with illegal_parameter, the most frequent one. */
export function illegalParameter(reason: string, message: string): PeerMisbehaved {
  return new PeerMisbehaved(message, { alert: AlertDescription.illegal_parameter, reason });
}

/** PeerMisbehaved for a message that must not come now. */
export function unexpectedMessage(message: string, reason = "UNEXPECTED_MESSAGE"): PeerMisbehaved {
  return new PeerMisbehaved(message, { alert: AlertDescription.unexpected_message, reason });
}
