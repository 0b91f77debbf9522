import { constantTimeEqual } from "../../../shared/libcrypto/constant_time.ts";
import { hashLength } from "../../../shared/libcrypto/digest.ts";
import { AlertDescription, ProtocolVersion, PskKeyExchangeMode } from "../../../shared/tls_constants.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { type ClientHello, withoutBinders } from "../../../shared/tls_messages/client_hello.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import { EarlySecret } from "../key_schedule/early_secret.ts";
import type { TlsSite } from "../site.ts";
import type { Tls13Choice } from "../tls13_choice.ts";
import { resumableSession } from "./resumption.ts";
import type { SessionState } from "./session_state.ts";

/** How many of a client's tickets are tried: each costs a decryption. */
const mostIdentities = 4;
/** Milliseconds by which a client's clock may run away from ours over a ticket's life. */
const ageTolerance = 60_000;

/** An accepted PSK. The connection's keeper keeps the secret. */
export interface AcceptedPsk {
  readonly psk: Secret;
  /** selected_identity. */
  readonly index: number;
  readonly session: SessionState;
  /** Milliseconds by which the client holds its ticket to be older than it is. */
  readonly ageSkew: number;
}

/** Whether the client wants tickets that can be used with a fresh key exchange: psk_ke alone is refused (L13). */
export function acceptsTickets(hello: ClientHello): boolean {
  return hello.known.pskKeyExchangeModes?.includes(PskKeyExchangeMode.psk_dhe_ke) === true;
}

/**
 * The first of the client's tickets that resumes a session, its binder verified; undefined: a full handshake.
 *
 * Call it before the ClientHello goes into the transcript, whose hash is chosen already.
 *
 * RFC 8446, Section 4.2.11
 */
export function acceptPsk(
  connection: Connection,
  site: TlsSite,
  hello: ClientHello,
  choice: Tls13Choice,
): AcceptedPsk | undefined {
  const offered = hello.known.preSharedKey;
  if (offered === undefined || !acceptsTickets(hello)) return undefined;
  const { pool, options, keeper } = connection;
  const terms = { version: ProtocolVersion.TLSv1_3, serverName: choice.serverName, site };
  const secretLength = hashLength[choice.suite.hash];
  for (
    const [index, { identity, obfuscatedTicketAge }] of offered.identities.slice(0, mostIdentities).entries()
  ) {
    const session = resumableSession(pool, options, identity, secretLength, terms);
    if (session === undefined) continue;
    const psk = keeper.keep(session.secret);
    // The RFC asks for the same hash only; the same suite keeps a session's strength what it was.
    const sameSuite = session.state.cipherSuite === choice.suite.id;
    const isPlausible = hasPlausibleAge(session.state, obfuscatedTicketAge);
    if (sameSuite && isPlausible) {
      verifyBinder(connection, hello, psk, offered.binders[index]!);
      options.tickets?.events?.resumed();
      const ageSkew = ticketAge(session.state, obfuscatedTicketAge) -
        (options.wallClock() - session.state.issuedAt);
      return { psk, index, session: session.state, ageSkew };
    }
    options.tickets?.events?.refused(isPlausible ? "other-terms" : "expired");
    keeper.release(psk);
  }
  return undefined;
}

/** RFC 8446, Section 4.2.11.1: the client's own idea of the age must not be past the ticket's life. */
function hasPlausibleAge(state: SessionState, obfuscatedTicketAge: number): boolean {
  return ticketAge(state, obfuscatedTicketAge) <= state.lifetime + ageTolerance;
}

/** Milliseconds, by the client's clock. */
function ticketAge({ ageAdd }: SessionState, obfuscatedTicketAge: number): number {
  return (obfuscatedTicketAge - ageAdd) >>> 0;
}

/** RFC 8446, Section 4.2.11.2: a binder that does not verify ends the handshake. */
function verifyBinder(connection: Connection, hello: ClientHello, psk: Secret, binder: Uint8Array): void {
  const { pool, transcript } = connection;
  using early = EarlySecret.extract(pool, transcript.hashName, psk);
  using binderKey = early.resumptionBinderKey();
  const expected = binderKey.binder(transcript.hashWith(withoutBinders(hello)!));
  if (expected.length !== binder.length || !constantTimeEqual(expected, binder)) {
    throw misbehaved(AlertDescription.decrypt_error, "DIGEST_CHECK_FAILED", "its PSK binder does not verify");
  }
}
