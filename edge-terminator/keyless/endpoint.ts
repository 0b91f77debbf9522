import type { TcpAddress } from "../../shared/config/address.ts";

/** A key server over the network: mutual TLS, its certificate checked for `name` against `ca`. */
export interface TlsEndpoint {
  readonly name: string;
  readonly address: TcpAddress;
  /** Absolute path of the PEM file with the only authorities that may vouch for it. */
  readonly ca: string;
}

/** A key server on this host: no TLS, the socket's owner and mode protect it. */
export interface UnixEndpoint {
  readonly name: string;
  /** Absolute path of the socket. */
  readonly path: string;
}

export type KeyServerEndpoint = TlsEndpoint | UnixEndpoint;
