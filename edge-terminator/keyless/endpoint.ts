import { formatAddress, type TcpAddress } from "../../shared/config/address.ts";

/** A key server over the network: mutual TLS, its certificate checked for `name` against `ca`. */
export interface TlsEndpoint {
  readonly name: string;
  readonly address: TcpAddress;
  /** Absolute path of the PEM file with the only authorities that may vouch for it. */
  readonly ca: string;
}

/** A key server on this host: no TLS, the socket's owner and mode protect it. */
export interface UnixEndpoint {
  /** Absolute path of the socket. */
  readonly path: string;
}

/** Where a key server is, and how it is known to be the right one. */
export type KeyServerEndpoint = TlsEndpoint | UnixEndpoint;

/** What logs, readiness and errors call it: no two differ in less, since replicas may share a certificate's name. */
export function endpointLabel(endpoint: KeyServerEndpoint): string {
  return "path" in endpoint
    ? `unix:${endpoint.path}`
    : `${endpoint.name} (${formatAddress(endpoint.address)})`;
}
