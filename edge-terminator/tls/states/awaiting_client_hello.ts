import { type ClientHello, decodeClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { checkTls13ClientHello } from "../../../shared/tls_messages/client_hello_rules.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { Connection } from "../connection.ts";
import { chooseVersion, offeredVersions } from "../negotiation/version.ts";
import { checkTls12ClientHello } from "../tls12/tls12_handshake.ts";
import type { ClientHelloInfo } from "../server_events.ts";
import type { AwaitingSite } from "./awaiting_site.ts";

/** Nothing has come yet. */
export interface AwaitingClientHello {
  readonly name: "awaiting-client-hello";
}

/** RFC 8446, Section 4.1.2: agrees on the version, then asks which site the name stands for. */
export function receiveClientHello(connection: Connection, message: HandshakeMessage): AwaitingSite {
  const hello = decodeClientHello(message);
  connection.version = chooseVersion(connection.options, hello);
  if (connection.version === "TLS 1.3") checkTls13ClientHello(hello);
  else checkTls12ClientHello(connection.options, hello);
  connection.expectEndOfFlight();
  connection.emit({ type: "client-hello", clientHello: describe(hello) });
  return { name: "awaiting-site", hello };
}

function describe(hello: ClientHello): ClientHelloInfo {
  const { serverName, alpn, signatureAlgorithms, supportedGroups } = hello.known;
  return {
    ...(serverName === undefined ? {} : { serverName }),
    alpnProtocols: alpn ?? [],
    signatureSchemes: signatureAlgorithms ?? [],
    cipherSuites: hello.cipherSuites,
    supportedGroups: supportedGroups ?? [],
    versions: offeredVersions(hello),
  };
}
