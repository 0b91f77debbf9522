import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import type { Connection } from "../connection.ts";
import type { CachedSession } from "../sessions/session_cache.ts";
import { acceptSession, sessionIdElsewhere } from "../sessions/tls12_session_id.ts";
import { ticketDomainOf, type TlsSite } from "../site.ts";
import { resumeTls12Session } from "../tls12/tls12_resumption.ts";
import type { AwaitingChangeCipherSpec } from "./awaiting_change_cipher_spec.ts";
import { type AwaitingKeyExchangeSignature, startTls12 } from "./awaiting_key_exchange_signature.ts";
import type {
  AfterClientCertificate,
  AwaitingTls12ClientCertificate,
} from "./awaiting_tls12_client_certificate.ts";

/** TLS 1.2: the client's session id is one that somebody else made, who is asked for the session. */
export interface AwaitingSession {
  readonly name: "awaiting-session";
  readonly hello: ClientHello;
  readonly site: TlsSite;
}

/** Asks the owner of the engine for the session; undefined: nobody has it. */
export function requestSession(
  connection: Connection,
  hello: ClientHello,
  site: TlsSite,
): AwaitingSession | undefined {
  const sessionId = sessionIdElsewhere(connection, hello);
  if (sessionId === undefined) return undefined;
  const serverName = hello.known.serverName ?? "";
  connection.emit({
    type: "session-needed",
    request: { sessionId, serverName, domain: ticketDomainOf(site) },
  });
  return { name: "awaiting-session", hello, site };
}

/** A session of somebody else's resumes on the terms of our own; without one, or on others, a full handshake. */
export function receiveSession(
  { hello, site }: AwaitingSession,
  connection: Connection,
  session: CachedSession | undefined,
):
  | AwaitingChangeCipherSpec
  | AwaitingKeyExchangeSignature
  | AfterClientCertificate
  | AwaitingTls12ClientCertificate {
  const good = session && acceptSession(connection, site, hello, session);
  return good === undefined
    ? startTls12(connection, hello, site)
    : resumeTls12Session(connection, hello, site, good, "id");
}
