import { ProtocolVersion } from "../../../shared/tls_constants.ts";
import { encodeNewSessionTicket } from "../../../shared/tls_messages/new_session_ticket.ts";
import type { AuthenticatedPeer } from "../client_certificates/peer.ts";
import { mayBeKept, sessionAuthentication } from "../client_certificates/session_authentication.ts";
import type { Connection } from "../connection.ts";
import type { ResumptionMasterSecret } from "../key_schedule/resumption_master_secret.ts";
import type { Tls13Handshake } from "../states/tls13_handshake.ts";
import { formatOf, lifetimeOf } from "./ticket_policy.ts";

const defaultCount = 2;

/**
 * Sends this connection's tickets, each with a PSK of its own (RFC 8446, Section 4.6.1). Those of a client that has
 * shown a certificate end when its first one does: a renewal does not stand for another signature.
 */
export function sendNewSessionTickets(
  connection: Connection,
  handshake: Tls13Handshake,
  peer: AuthenticatedPeer | undefined,
  resumption: ResumptionMasterSecret,
): void {
  const policy = connection.options.tickets;
  if (policy === undefined || !mayBeKept(handshake.clientCertificates, peer)) return;
  for (let index = 0; index < (policy.count ?? defaultCount); index++) {
    const message = newSessionTicket(connection, handshake, peer, resumption, new Uint8Array([index]));
    if (message !== undefined) connection.records.writeHandshake(message);
  }
}

function newSessionTicket(
  { options }: Connection,
  { choice, epoch, ticketDomain, clientCertificates }: Tls13Handshake,
  peer: AuthenticatedPeer | undefined,
  resumption: ResumptionMasterSecret,
  ticketNonce: Uint8Array,
): Uint8Array | undefined {
  const issuedAt = options.wallClock();
  const lifetime = lifetimeOf(options.tickets!) - (issuedAt - (peer?.authenticatedAt ?? issuedAt));
  if (lifetime <= 0) return undefined;
  const ageAdd = new DataView(options.randomBytes(4).buffer).getUint32(0);
  using psk = resumption.ticketPsk(ticketNonce);
  const ticket = formatOf(options.tickets!).seal(options.tickets!.keys, ticketDomain, {
    version: ProtocolVersion.TLSv1_3,
    cipherSuite: choice.suite.id,
    group: choice.group.id,
    issuedAt,
    lifetime,
    ageAdd,
    extendedMasterSecret: true,
    serverName: choice.serverName ?? "",
    epoch,
    clientAuthentication: sessionAuthentication(clientCertificates, peer),
  }, psk);
  if (ticket === undefined) return undefined;
  options.tickets!.events?.issued();
  const ticketLifetime = Math.floor(lifetime / 1000);
  // RFC 8701, Section 4.1: an extension that means nothing keeps clients tolerant.
  const grease = 0x0a0a + 0x1010 * (options.randomBytes(1)[0]! & 0x0f);
  const extensions = [{ type: grease, data: new Uint8Array(0) }];
  return encodeNewSessionTicket({ ticketLifetime, ticketAgeAdd: ageAdd, ticketNonce, ticket, extensions });
}
