import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { findTls12CipherSuite } from "../cipher_suites.ts";
import { sessionAuthentication } from "../client_certificates/session_authentication.ts";
import { misbehaved } from "../errors.ts";
import type { ResolvedOptions } from "../server_options.ts";
import type { SessionState } from "../tickets/session_state.ts";
import type { Tls12Handshake } from "./tls12_handshake.ts";

/**
 * Whether a session may be resumed under this ClientHello, besides what every session must agree with.
 *
 * RFC 7627, Section 5.3: without the extended master secret that the session has, the handshake ends.
 */
export function mayResumeTls12(options: ResolvedOptions, hello: ClientHello, state: SessionState): boolean {
  const offered = hello.known.extendedMasterSecret === true;
  if (state.extendedMasterSecret && !offered) {
    throw misbehaved(
      AlertDescription.handshake_failure,
      "RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION",
      "it resumes a session with an extended master secret and does not offer one",
    );
  }
  return state.extendedMasterSecret === offered &&
    findTls12CipherSuite(state.cipherSuite) !== undefined &&
    options.cipherSuites.includes(state.cipherSuite) &&
    hello.cipherSuites.includes(state.cipherSuite);
}

/**
 * What is kept of a handshake's session. One that is resumed keeps its time: the master secret is the same, and must
 * not live for ever.
 */
export function tls12SessionState(handshake: Tls12Handshake, now: number, lifetime: number): SessionState {
  const { terms, group, extendedMasterSecret, epoch, clientCertificates, peer, issuedAt = now } = handshake;
  return {
    version: ProtocolVersion.TLSv1_2,
    cipherSuite: terms.suite.id,
    group,
    issuedAt,
    lifetime,
    ageAdd: 0,
    extendedMasterSecret,
    serverName: terms.serverName ?? "",
    epoch,
    clientAuthentication: sessionAuthentication(clientCertificates, peer),
  };
}
