import { HoldfastError } from "../../shared/errors.ts";
import {
  AlertDescription,
  CipherSuite,
  NamedGroup,
  nameOf,
  ProtocolVersion,
  SignatureScheme,
} from "../../shared/tls_constants.ts";
import type { HandshakeResult } from "../proxy/metrics.ts";
import type { NegotiatedParameters } from "../tls/server_events.ts";
import type { ClientCertificateResult } from "./client_authentication.ts";

/** Milliseconds from the accept to the steps of one handshake; steps that were not reached are absent. */
export interface HandshakeTimeline {
  clientHello?: number;
  signatureRequested?: number;
  signatureAnswered?: number;
  finished?: number;
}

/** How a handshake ended, as far as it came. */
export interface HandshakeOutcome {
  readonly result: HandshakeResult;
  /** The client's address, "host:port". */
  readonly client: string;
  readonly serverName: string | undefined;
  /** Where a certificate was asked for. */
  readonly clientCertificate?: ClientCertificateResult | undefined;
  /** A digest of its subject. */
  readonly clientSubject?: string | undefined;
  readonly timeline: HandshakeTimeline;
  readonly parameters?: NegotiatedParameters | undefined;
  readonly alertSent?: number | undefined;
  readonly alertReceived?: number | undefined;
  readonly error?: Error | undefined;
}

/** The log record of one handshake. Names of everything negotiated, no secret, nothing of the payload. */
export function handshakeRecord(outcome: HandshakeOutcome): Record<string, unknown> {
  const { result, client, serverName, timeline, parameters, alertSent, alertReceived, error } = outcome;
  const { clientCertificate, clientSubject } = outcome;
  return {
    event: "handshake",
    result,
    client,
    serverName,
    ...(parameters === undefined ? {} : negotiated(parameters)),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientSubject === undefined ? {} : { clientSubject }),
    ...(alertSent === undefined ? {} : { alertSent: nameOf(AlertDescription, alertSent) }),
    ...(alertReceived === undefined ? {} : { alertReceived: nameOf(AlertDescription, alertReceived) }),
    ...(error === undefined ? {} : { reason: reasonOf(error) }),
    timeline,
  };
}

function negotiated(parameters: NegotiatedParameters): Record<string, unknown> {
  const { version, cipherSuite, group, signatureScheme, alpnProtocol, resumed, helloRetryRequest } =
    parameters;
  return {
    version: versionName(version),
    cipherSuite: nameOf(CipherSuite, cipherSuite),
    // RSA key exchange has no group, and signs nothing.
    ...(group === 0 ? {} : { group: nameOf(NamedGroup, group) }),
    ...(signatureScheme === 0 ? {} : { signatureScheme: nameOf(SignatureScheme, signatureScheme) }),
    alpn: alpnProtocol,
    resumed,
    helloRetryRequest,
  };
}

/** The version as OpenSSL and the PROXY protocol write it: "TLSv1.3". */
export function versionName(version: number): string {
  return nameOf(ProtocolVersion, version).replace("_", ".");
}

/** The messages from the outermost to the root cause, each with its code. */
function reasonOf(error: Error): string {
  const reasons: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && reasons.length < 4; cause = cause.cause) {
    reasons.push(cause instanceof HoldfastError ? `${cause.message} [${cause.code}]` : cause.message);
  }
  return reasons.join("; because: ");
}
