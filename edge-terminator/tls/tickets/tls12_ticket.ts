import { ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { encodeNewSessionTicketTls12 } from "../../../shared/tls_messages/new_session_ticket_tls12.ts";
import { mayBeKept } from "../client_certificates/session_authentication.ts";
import type { Connection } from "../connection.ts";
import type { TlsSite } from "../site.ts";
import type { Tls12Secured } from "../tls12/tls12_handshake.ts";
import { mayResumeTls12, tls12SessionState } from "../tls12/tls12_session.ts";
import { resumableSession } from "./resumption.ts";
import type { ResumableSession } from "./ticket.ts";
import { formatOf, lifetimeOf } from "./ticket_policy.ts";

const masterSecretLength = 48;

/**
 * The session of the client's ticket, if it may be resumed; undefined: a full handshake. The receiver disposes its
 * secret.
 *
 * RFC 5077, Section 3.1
 */
export function resumeTls12(
  connection: Connection,
  site: TlsSite,
  hello: ClientHello,
): ResumableSession | undefined {
  const { pool, options, keeper } = connection;
  const { sessionTicket, serverName } = hello.known;
  if (sessionTicket === undefined || sessionTicket.length === 0) return undefined;
  const terms = { version: ProtocolVersion.TLSv1_2, serverName, site };
  const session = resumableSession(pool, options, sessionTicket, masterSecretLength, terms);
  if (session === undefined) return undefined;
  keeper.keep(session.secret);
  const good = mayResumeTls12(options, hello, session.state);
  if (good) {
    options.tickets?.events?.resumed();
    return { ...session, secret: keeper.handOver(session.secret) };
  }
  options.tickets?.events?.refused("other-terms");
  keeper.release(session.secret);
  return undefined;
}

/** Sends the ticket that ServerHello promised (RFC 5077, Section 3.3). */
export function sendTls12Ticket(connection: Connection, handshake: Tls12Secured): void {
  const { options } = connection;
  const { master, ticketDomain, clientCertificates, peer } = handshake;
  const now = options.wallClock();
  const state = tls12SessionState(handshake, now, lifetimeOf(options.tickets!));
  using secret = master.copy();
  const ticket = mayBeKept(clientCertificates, peer)
    ? formatOf(options.tickets!).seal(options.tickets!.keys, ticketDomain, state, secret)
    : undefined;
  if (ticket !== undefined) options.tickets!.events?.issued();
  const left = Math.max(0, state.issuedAt + state.lifetime - now);
  connection.send(encodeNewSessionTicketTls12({
    ticketLifetimeHint: Math.floor(left / 1000),
    ticket: ticket ?? new Uint8Array(0),
  }));
}
