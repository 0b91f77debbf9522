import type { SocketAddress } from "../../shared/config/address.ts";
import type { PeerVerdict } from "../tls/client_certificates/peer_verdict.ts";
import type { TlsSite } from "../tls/site.ts";
import { canonicalHostName } from "./host_name.ts";

/** Everything the edge does with a connection once it knows which name the client asked for. */
export interface Site {
  /** The first configured name: for logs. */
  readonly name: string;
  readonly tls: TlsSite;
  readonly backend: SocketAddress;
  /** Whether the backend gets a PROXY protocol v2 header. */
  readonly proxyProtocol: boolean;
  /** Judges a client's chain (DER, leaf first); there where `tls` asks for client certificates. */
  readonly verifyClient?: (chain: readonly Uint8Array[]) => PeerVerdict;
}

/** A site and the names that lead to it: exact, or `*.` and a suffix. */
export interface SiteEntry<S = Site> {
  readonly names: readonly string[];
  readonly site: S;
  /** Also for clients that name no site, or one that is unknown. */
  readonly isDefault: boolean;
}

/**
 * Finds the site for a server name in constant time, however many sites there are.
 *
 * An exact name wins over a wildcard, a wildcard over the default. The table never changes: a reload makes a
 * new one.
 */
export class SiteTable<S = Site> {
  readonly #exact = new Map<string, S>();
  /** By what follows the asterisk, as in `.example.org`. */
  readonly #wildcard = new Map<string, S>();
  readonly #default: S | undefined;

  constructor(entries: readonly SiteEntry<S>[]) {
    for (const { names, site } of entries) {
      for (const name of names.map(canonicalHostName)) {
        if (name.startsWith("*.")) this.#wildcard.set(name.slice(1), site);
        else this.#exact.set(name, site);
      }
    }
    this.#default = entries.find(({ isDefault }) => isDefault)?.site;
  }

  /** `serverName` as the client sent it; undefined when it sent none. Undefined: refuse the client. */
  find(serverName: string | undefined): S | undefined {
    if (serverName === undefined) return this.#default;
    const name = canonicalHostName(serverName);
    const dot = name.indexOf(".");
    // A wildcard stands for exactly one label, and that label is not empty.
    const wildcard = dot > 0 ? this.#wildcard.get(name.slice(dot)) : undefined;
    return this.#exact.get(name) ?? wildcard ?? this.#default;
  }
}
