import type { Socket } from "node:net";
import type { Application, ClientSide, ServedSite } from "../connection/application.ts";
import { canonicalHostName } from "../certificates/host_name.ts";
import { type Site, type SiteEntry, SiteTable } from "../certificates/site_table.ts";
import { ticketDomainOf } from "../tls/site.ts";
import { CertificateIndex, namesWithoutCertificate, pushedEntries } from "./pushed_sites.ts";
import type { LoadedName } from "./served_names.ts";

/** What a client offers, and offers alone, that comes to see an answer to a challenge (RFC 8737, Section 6.2). */
const acmeProtocol = "acme-tls/1";

/** How the sites stand whose certificates are pushed. */
export interface PushedSites {
  /** Their number. */
  readonly sites: number;
  /** Host names that clients are refused for, the first hundred. */
  readonly withoutCertificate: readonly string[];
  /** Whether one name at least can be served. */
  readonly anyServed: boolean;
  /** When the first of the certificates that are shown ends, in milliseconds since the epoch; undefined: there is none. */
  readonly earliestEnd: number | undefined;
}

/** Immutable, and replaced as a whole: a handshake sees one state of all sites. */
interface Snapshot {
  readonly table: SiteTable;
  /** By server name. */
  readonly challenges: ReadonlyMap<string, ServedSite>;
  readonly pushed: PushedSites;
  readonly ticketDomains: readonly string[];
}

/**
 * Where a worker finds the site that a client asks for. Sites with certificates of their own in the configuration keep
 * them; the others show what key servers have pushed.
 */
export class SiteDirectory {
  readonly #entries: readonly SiteEntry[];
  readonly #serve: (site: Site) => ServedSite;
  /** Exact names of all sites: a wildcard of another one does not reach below them. */
  readonly #taken: ReadonlySet<string>;
  #now: Snapshot;

  /** `serve` says what becomes of a site's connections. */
  constructor(entries: readonly SiteEntry[], serve: (site: Site) => ServedSite) {
    this.#entries = entries;
    this.#serve = serve;
    this.#taken = new Set(entries.flatMap(({ names }) => names));
    this.#now = this.#snapshot([]);
  }

  get pushed(): PushedSites {
    return this.#now.pushed;
  }

  /** Whose keys the sites' tickets are sealed with, each once. */
  get ticketDomains(): readonly string[] {
    return this.#now.ticketDomains;
  }

  /** Undefined: refuse the client; also where no certificate has come yet. */
  find(serverName: string | undefined, alpnProtocols: readonly string[]): ServedSite | undefined {
    const { table, challenges } = this.#now;
    if (alpnProtocols.length === 1 && alpnProtocols[0] === acmeProtocol && serverName !== undefined) {
      const challenge = challenges.get(canonicalHostName(serverName));
      if (challenge !== undefined) return challenge;
    }
    const site = table.find(serverName);
    return site === undefined || site.tls.certificates.length === 0 ? undefined : this.#serve(site);
  }

  /** From the next ClientHello on, these are served. */
  replace(names: readonly LoadedName[]): void {
    this.#now = this.#snapshot(names);
  }

  #snapshot(names: readonly LoadedName[]): Snapshot {
    const index = new CertificateIndex(names);
    const isPushed = ({ site }: SiteEntry) => site.tls.certificates.length === 0;
    const entries = this.#entries.flatMap((entry) =>
      isPushed(entry) ? pushedEntries(entry, index, this.#taken) : [entry]
    );
    const pushed = this.#entries.filter(isPushed);
    const hosts = pushed.flatMap(({ names }) => names);
    const without = namesWithoutCertificate(hosts, index);
    const ends = hosts.flatMap((host) => index.find(host)).map(({ notAfter }) => notAfter.getTime());
    return {
      table: new SiteTable(entries),
      ticketDomains: [...new Set(entries.map(({ site }) => ticketDomainOf(site.tls)))].sort(),
      challenges: new Map(
        names.flatMap(({ challenges }) => challenges)
          .map(({ serverName, certificate }) => [serverName, challengeSite(certificate)]),
      ),
      pushed: {
        sites: pushed.length,
        withoutCertificate: without.slice(0, 100),
        anyServed: without.length < hosts.length,
        earliestEnd: ends.length === 0 ? undefined : ends.reduce((one, other) => Math.min(one, other)),
      },
    };
  }
}

/** Shows the challenge's certificate, and closes once the handshake is complete (RFC 8737, Section 3). */
function challengeSite(certificate: Site["tls"]["certificates"][number]): ServedSite {
  return {
    name: acmeProtocol,
    tls: { certificates: [certificate], alpnProtocols: [acmeProtocol] },
    open: (_socket: Socket, _parameters, client: ClientSide): Application => {
      client.endSending();
      return closed;
    },
  };
}

/** Nothing to say and nothing to hear. */
const closed: Application = {
  isComplete: true,
  clientHasEnded: true,
  fromClient: () => {},
  clientEnded: () => {},
  clientDrained: () => {},
  release: () => {},
};
