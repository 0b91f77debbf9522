import { ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { mayBeKept } from "../client_certificates/session_authentication.ts";
import type { Connection } from "../connection.ts";
import type { ResolvedOptions } from "../server_options.ts";
import type { TlsSite } from "../site.ts";
import { refusalOf } from "../tickets/resumption.ts";
import type { ResumableSession } from "../tickets/ticket.ts";
import { lifetimeOf } from "../tickets/ticket_policy.ts";
import type { Tls12Secured } from "../tls12/tls12_handshake.ts";
import { mayResumeTls12, tls12SessionState } from "../tls12/tls12_session.ts";
import { sessionIdLength } from "./session_cache.ts";

const none = new Uint8Array(0);

/** The id under which a session will be kept; empty for one that gets a ticket, and for one that is not kept at all. */
export function newSessionId(
  { sessions, randomBytes }: ResolvedOptions,
  promisesTicket: boolean,
): Uint8Array {
  return sessions === undefined || promisesTicket ? none : randomBytes(sessionIdLength);
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
  const { options, keeper } = connection;
  const { sessionTicket, serverName } = hello.known;
  // RFC 5077, Section 3.4: next to a ticket the id only tells the client whether the ticket was taken.
  const presentsTicket = options.tickets !== undefined && (sessionTicket?.length ?? 0) > 0;
  if (options.sessions === undefined || presentsTicket) return undefined;
  const session = options.sessions.cache.find(hello.legacySessionId);
  if (session === undefined) return undefined;
  keeper.keep(session.secret);
  const terms = { version: ProtocolVersion.TLSv1_2, serverName, site };
  const good = refusalOf(options, session.state, terms) === undefined &&
    mayResumeTls12(options, hello, session.state);
  if (good) return { ...session, secret: keeper.handOver(session.secret) };
  keeper.release(session.secret);
  return undefined;
}

/** The handshake is complete: the session may be resumed until its time is over, or a connection of it fails. */
export function keepSession(connection: Connection, handshake: Tls12Secured): void {
  const { sessions, wallClock } = connection.options;
  const { sessionId, issuedAt, master, clientCertificates, peer } = handshake;
  if (sessions === undefined || !handshake.cachesSession) return;
  connection.cachedSession = sessionId;
  if (issuedAt !== undefined || !mayBeKept(clientCertificates, peer)) return;
  using secret = master.copy();
  sessions.cache.store(sessionId, tls12SessionState(handshake, wallClock(), lifetimeOf(sessions)), secret);
}
