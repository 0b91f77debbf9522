import type { Socket } from "node:net";
import { CipherSuite, nameOf } from "../../shared/tls_constants.ts";
import type { Site } from "../certificates/site_table.ts";
import { connectBackend } from "../proxy/backend.ts";
import { withoutV4Mapping } from "../proxy/ip_address.ts";
import { encodeProxyHeader } from "../proxy/proxy_protocol_v2.ts";
import { type ClientSide, Relay } from "../proxy/relay.ts";
import type { NegotiatedParameters } from "../tls/server_events.ts";
import { versionName } from "./handshake_record.ts";

/** Connects to the site's backend for a client whose handshake is complete; bytes may go into the relay at once. */
export function openRelay(
  site: Site,
  socket: Socket,
  parameters: NegotiatedParameters,
  client: ClientSide,
): Relay {
  const backend = connectBackend(site.backend);
  if (site.proxyProtocol) backend.write(proxyHeader(socket, parameters));
  return new Relay(backend, client);
}

function proxyHeader(socket: Socket, parameters: NegotiatedParameters): Uint8Array {
  const { version, cipherSuite, alpnProtocol, serverName } = parameters;
  return encodeProxyHeader({
    endpoints: endpointsOf(socket),
    alpnProtocol,
    serverName,
    tls: { version: versionName(version), cipherSuite: nameOf(CipherSuite, cipherSuite) },
  });
}

function endpointsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket) {
  if (remoteAddress === undefined || localAddress === undefined) return undefined;
  return {
    client: { address: withoutV4Mapping(remoteAddress), port: remotePort ?? 0 },
    server: { address: withoutV4Mapping(localAddress), port: localPort ?? 0 },
  };
}
