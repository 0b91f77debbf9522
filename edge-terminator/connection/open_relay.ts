import type { Socket } from "node:net";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import { CipherSuite, nameOf } from "../../shared/tls_constants.ts";
import { commonNameOf } from "../certificates/common_name.ts";
import type { Site } from "../certificates/site_table.ts";
import { connectBackend } from "../proxy/backend.ts";
import { withoutV4Mapping } from "../proxy/ip_address.ts";
import { encodeProxyHeader } from "../proxy/proxy_protocol_v2.ts";
import { Relay } from "../proxy/relay.ts";
import type { NegotiatedParameters } from "../tls/server_events.ts";
import type { ServedSite } from "./application.ts";
import { versionName } from "./handshake_record.ts";

/** A site whose connections are relayed to its backend; bytes may go into the relay before the backend has answered. */
export function relayedSite(site: Site): ServedSite {
  return {
    name: site.name,
    tls: site.tls,
    ...(site.verifyClient === undefined ? {} : { verifyClient: site.verifyClient }),
    open: (socket, parameters, client) =>
      new Relay((receive) => {
        const backend = connectBackend(site.backend, receive);
        if (site.proxyProtocol) backend.write(proxyHeader(socket, parameters));
        return backend;
      }, client),
  };
}

function proxyHeader(socket: Socket, parameters: NegotiatedParameters): Uint8Array {
  const { version, cipherSuite, alpnProtocol, serverName, peer, resumed } = parameters;
  return encodeProxyHeader({
    endpoints: endpointsOf(socket),
    alpnProtocol,
    serverName,
    tls: {
      version: versionName(version),
      cipherSuite: nameOf(CipherSuite, cipherSuite),
      clientCertificate: peer && {
        commonName: commonNameOf(parseCertificate(peer.chain[0]!).subject),
        shownNow: !resumed,
      },
    },
  });
}

function endpointsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket) {
  if (remoteAddress === undefined || localAddress === undefined) return undefined;
  return {
    client: { address: withoutV4Mapping(remoteAddress), port: remotePort ?? 0 },
    server: { address: withoutV4Mapping(localAddress), port: localPort ?? 0 },
  };
}
