import { ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { mayBeKept } from "../client_certificates/session_authentication.ts";
import type { Connection } from "../connection.ts";
import type { ResolvedOptions } from "../server_options.ts";
import { ticketDomainOf, type TlsSite } from "../site.ts";
import { refusalOf } from "../tickets/resumption.ts";
import type { ResumableSession } from "../tickets/ticket.ts";
import { lifetimeOf } from "../tickets/ticket_policy.ts";
import type { Tls12Secured } from "../tls12/tls12_handshake.ts";
import { mayResumeTls12, tls12SessionState } from "../tls12/tls12_session.ts";
import { type CachedSession, sessionIdLength } from "./session_cache.ts";

const none = new Uint8Array(0);

/** The id under which a session will be kept; empty for one that gets a ticket, and for one that is not kept at all. */
export function newSessionId(
  { sessions, randomBytes }: ResolvedOptions,
  promisesTicket: boolean,
): Uint8Array {
  if (sessions === undefined || promisesTicket) return none;
  return sessions.elsewhere?.newId() ?? randomBytes(sessionIdLength);
}

/**
 * The session of the client's session id, if it may be resumed; undefined: a full handshake. The receiver disposes its
 * secret.
 *
 * RFC 5246, Section 7.4.1.2
 */
export function resumeBySessionId(
  connection: Connection,
  site: TlsSite,
  hello: ClientHello,
): ResumableSession | undefined {
  const { sessions } = connection.options;
  if (sessions === undefined || presentsTicket(connection, hello)) return undefined;
  const session = sessions.cache.find(hello.legacySessionId);
  return session && acceptSession(connection, site, hello, session);
}

/** The client's session id, when others may have its session. */
export function sessionIdElsewhere(connection: Connection, hello: ClientHello): Uint8Array | undefined {
  const { legacySessionId: id } = hello;
  if (id.length !== sessionIdLength || presentsTicket(connection, hello)) return undefined;
  return connection.options.sessions?.elsewhere?.mayHave(id) ? id.slice() : undefined;
}

/**
 * A session that was found, here or elsewhere, if it may be resumed under this ClientHello. Its secret becomes the
 * receiver's, or is disposed.
 */
export function acceptSession(
  { options, keeper }: Connection,
  site: TlsSite,
  hello: ClientHello,
  { state, secret, domain }: CachedSession,
): ResumableSession | undefined {
  keeper.keep(secret);
  const terms = { version: ProtocolVersion.TLSv1_2, serverName: hello.known.serverName, site };
  const good = domain === ticketDomainOf(site) &&
    refusalOf(options, state, terms) === undefined &&
    mayResumeTls12(options, hello, state);
  if (good) return { state, secret: keeper.handOver(secret) };
  keeper.release(secret);
  return undefined;
}

/** RFC 5077, Section 3.4: next to a ticket the id only tells the client whether the ticket was taken. */
function presentsTicket({ options }: Connection, hello: ClientHello): boolean {
  return options.tickets !== undefined && (hello.known.sessionTicket?.length ?? 0) > 0;
}

/** The handshake is complete: the session may be resumed until its time is over, or a connection of it fails. */
export function keepSession(connection: Connection, handshake: Tls12Secured): void {
  const { sessions, wallClock } = connection.options;
  const { sessionId, issuedAt, master, clientCertificates, peer, ticketDomain } = handshake;
  if (sessions === undefined || !handshake.cachesSession) return;
  connection.cachedSession = sessionId;
  if (issuedAt !== undefined || !mayBeKept(clientCertificates, peer)) return;
  using secret = master.copy();
  const state = tls12SessionState(handshake, wallClock(), lifetimeOf(sessions));
  sessions.cache.store(sessionId, state, secret, ticketDomain);
}
