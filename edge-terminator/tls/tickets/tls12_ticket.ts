import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { encodeNewSessionTicketTls12 } from "../../../shared/tls_messages/new_session_ticket_tls12.ts";
import { mayBeKept, sessionAuthentication } from "../client_certificates/session_authentication.ts";
import { findTls12CipherSuite } from "../cipher_suites.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import type { TlsSite } from "../site.ts";
import type { Tls12Secured } from "../tls12/tls12_handshake.ts";
import { resumableSession } from "./resumption.ts";
import type { ResumableSession } from "./ticket.ts";
import { formatOf, lifetimeOf } from "./ticket_policy.ts";

const masterSecretLength = 48;

/**
 * The session of the client's ticket, if it may be resumed; undefined: a full handshake. The receiver disposes its
 * secret.
 *
 * RFC 5077, Section 3.1; RFC 7627, Section 5.3 for the extended master secret.
 */
export function resumeTls12(
  connection: Connection,
  site: TlsSite,
  hello: ClientHello,
): ResumableSession | undefined {
  const { pool, options, keeper } = connection;
  const { sessionTicket, serverName, extendedMasterSecret } = hello.known;
  if (sessionTicket === undefined || sessionTicket.length === 0) return undefined;
  const version = ProtocolVersion.TLSv1_2;
  const terms = { version, secretLength: masterSecretLength, serverName, site };
  const session = resumableSession(pool, options, sessionTicket, terms);
  if (session === undefined) return undefined;
  keeper.keep(session.secret);
  const { state } = session;
  if (state.extendedMasterSecret && !extendedMasterSecret) {
    throw misbehaved(
      AlertDescription.handshake_failure,
      "RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION",
      "it resumes a session with an extended master secret and does not offer one",
    );
  }
  const good = state.extendedMasterSecret === (extendedMasterSecret === true) &&
    findTls12CipherSuite(state.cipherSuite) !== undefined &&
    options.cipherSuites.includes(state.cipherSuite) &&
    hello.cipherSuites.includes(state.cipherSuite);
  if (good) {
    options.tickets?.events?.resumed();
    return { state, secret: keeper.handOver(session.secret) };
  }
  options.tickets?.events?.refused("other-terms");
  keeper.release(session.secret);
  return undefined;
}

/**
 * Sends the ticket that ServerHello promised (RFC 5077, Section 3.3). One that renews keeps the time of its session:
 * the master secret is the same, and must not live for ever.
 */
export function sendTls12Ticket(connection: Connection, handshake: Tls12Secured): void {
  const { options } = connection;
  const { terms, group, master, epoch, clientCertificates, peer, issuedAt = options.wallClock() } = handshake;
  const lifetime = lifetimeOf(options.tickets!);
  using secret = master.copy();
  const ticket = mayBeKept(clientCertificates, peer)
    ? formatOf(options.tickets!).seal(options.tickets!.keys, {
      version: ProtocolVersion.TLSv1_2,
      cipherSuite: terms.suite.id,
      group,
      issuedAt,
      lifetime,
      ageAdd: 0,
      extendedMasterSecret: handshake.extendedMasterSecret,
      serverName: terms.serverName ?? "",
      epoch,
      clientAuthentication: sessionAuthentication(clientCertificates, peer),
    }, secret)
    : undefined;
  if (ticket !== undefined) options.tickets!.events?.issued();
  const left = Math.max(0, issuedAt + lifetime - options.wallClock());
  connection.send(encodeNewSessionTicketTls12({
    ticketLifetimeHint: Math.floor(left / 1000),
    ticket: ticket ?? new Uint8Array(0),
  }));
}
