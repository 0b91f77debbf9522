import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { findTls12CipherSuite } from "../cipher_suites.ts";
import type { Connection } from "../connection.ts";
import { chooseApplicationProtocol } from "../negotiation/application_protocol.ts";
import { resumeBySessionId } from "../sessions/tls12_session_id.ts";
import { ticketDomainOf, type TlsSite } from "../site.ts";
import { type AwaitingChangeCipherSpec, resumeWithFinished } from "../states/awaiting_change_cipher_spec.ts";
import type { ResumableSession } from "../tickets/ticket.ts";
import { resumeTls12, sendTls12Ticket } from "../tickets/tls12_ticket.ts";
import { Tls12MasterSecret } from "./master_secret.ts";
import { maxSentContentOf, type Tls12Secured } from "./tls12_handshake.ts";
import { encodeTls12ServerHello, tls12ServerRandom } from "./tls12_server_hello.ts";

/** The abbreviated handshake (RFC 5246, Section 7.3), by ticket or by session id; undefined: nothing resumes. */
export function tryTls12Resumption(
  connection: Connection,
  hello: ClientHello,
  site: TlsSite,
): AwaitingChangeCipherSpec | undefined {
  const byTicket = resumeTls12(connection, site, hello);
  if (byTicket !== undefined) return resumeTls12Session(connection, hello, site, byTicket, "ticket");
  const byId = resumeBySessionId(connection, site, hello);
  return byId && resumeTls12Session(connection, hello, site, byId, "id");
}

/** Resumes a session that may be; its secret becomes the connection's. */
export function resumeTls12Session(
  connection: Connection,
  hello: ClientHello,
  site: TlsSite,
  session: ResumableSession,
  by: "ticket" | "id",
): AwaitingChangeCipherSpec {
  const { pool, options, keeper, transcript } = connection;
  const suite = findTls12CipherSuite(session.state.cipherSuite)!;
  const master = keeper.keep(Tls12MasterSecret.adopt(pool, suite.hash, session.secret));
  const { serverName } = hello.known;
  const { peer } = session.state.clientAuthentication;
  const alpnProtocol = chooseApplicationProtocol(site.alpnProtocols, hello.known.alpn);
  const handshake: Tls12Secured = {
    terms: {
      suite,
      ...(serverName === undefined ? {} : { serverName }),
      ...(alpnProtocol === undefined ? {} : { alpnProtocol }),
    },
    group: session.state.group,
    signatureScheme: 0,
    randoms: { client: hello.random.slice(), server: tls12ServerRandom(options) },
    extendedMasterSecret: session.state.extendedMasterSecret,
    // RFC 5077, Section 3.4: echoing the client's id tells it that the ticket was taken.
    sessionId: hello.legacySessionId.slice(),
    cachesSession: by === "id",
    promisesTicket: by === "ticket",
    // RFC 6066, Section 3: not in a resumption.
    acknowledgesServerName: false,
    staples: false,
    maxSentContent: maxSentContentOf(options, hello),
    epoch: session.state.epoch,
    ticketDomain: ticketDomainOf(site),
    issuedAt: session.state.issuedAt,
    clientCertificates: site.clientCertificates,
    ...(peer === undefined ? {} : { peer }),
    master,
  };
  transcript.add(hello.raw);
  transcript.useHash(suite.hash);
  transcript.forgetMessages();
  connection.send(encodeTls12ServerHello(hello, handshake));
  if (handshake.promisesTicket) sendTls12Ticket(connection, handshake);
  return resumeWithFinished(connection, handshake);
}
