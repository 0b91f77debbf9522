import { DecodeError } from "../../shared/codec/errors.ts";
import {
  InternalFailure,
  MalformedMessage,
  NoCommonParameters,
  PeerMisbehaved,
  TlsError,
} from "../../shared/tls_messages/errors.ts";
import type { AlertDescription } from "../../shared/tls_constants.ts";
import { HoldfastError } from "../../shared/errors.ts";

/** The peer broke the protocol. `reason` is BoringSSL's name of the mistake. */
export function misbehaved(alert: AlertDescription, reason: string, why: string): PeerMisbehaved {
  return new PeerMisbehaved(`Cannot go on with the peer: ${why}`, { alert, reason });
}

/** Both sides did right and cannot agree. */
export function nothingInCommon(alert: AlertDescription, reason: string, why: string): NoCommonParameters {
  return new NoCommonParameters(`Cannot agree with the peer: ${why}`, { alert, reason });
}

/** The peer sent a fatal alert: nothing is sent back. `reason` is BoringSSL's form of it. */
export class AlertReceived extends PeerMisbehaved {
  constructor(description: AlertDescription, name: string) {
    super(`Cannot go on with the peer: it sent the alert ${name}`, {
      alert: description,
      // The alerts that SSL 3 had keep its name.
      reason: `${
        description <= 47 && description !== 21 && description !== 22 ? "SSLV3" : "TLSV1"
      }_ALERT_${name.toUpperCase()}`,
    });
  }
}

/** The application called the engine in a state in which that has no meaning: our bug, thrown at the caller. */
export class EngineMisusedError extends HoldfastError {
  constructor(what: string, state: string) {
    super("engine-misused", `Cannot ${what}: the engine is ${state}`);
  }
}

/** The application asked an exporter for what it cannot give. Code `export-refused`; thrown at the caller. */
export class KeyingMaterialError extends HoldfastError {
  constructor(reason: string) {
    super("export-refused", `Cannot export keying material: ${reason}`);
  }
}

/**
 * The one table from error to alert: whatever a handler throws becomes a TlsError, and its `alert` is what is sent.
 *
 * | thrown                         | alert                              |
 * |--------------------------------|------------------------------------|
 * | a TlsError                     | its own                            |
 * | DecodeError                    | decode_error                       |
 * | key-agreement-failed (a share) | illegal_parameter                  |
 * | anything else                  | internal_error                     |
 */
export function asTlsError(thrown: unknown): TlsError {
  if (thrown instanceof TlsError) return thrown;
  if (thrown instanceof DecodeError) return new MalformedMessage(thrown.message, { cause: thrown });
  return new InternalFailure("Cannot go on: the engine failed", { cause: thrown });
}
