/** The sites of the configuration with the certificates that key servers have sent for their names. */
import type { LoadedCertificate } from "../certificates/chain_loader.ts";
import { canonicalHostName, coversName, wildcardOf } from "../certificates/host_name.ts";
import type { SiteEntry } from "../certificates/site_table.ts";
import type { LoadedName } from "./served_names.ts";

/** What finds a host name's certificates. */
export class CertificateIndex {
  /** By the DNS names in them. */
  readonly #byName = new Map<
    string,
    { readonly name: LoadedName; readonly certificate: LoadedCertificate }[]
  >();

  /** Names of certificates by the wildcard that covers them. */
  readonly #below = new Map<string, string[]>();

  constructor(names: readonly LoadedName[]) {
    for (const name of names) {
      for (const certificate of name.active) {
        for (const dnsName of new Set(certificate.dnsNames.map(canonicalHostName))) {
          append(this.#byName, dnsName, { name, certificate });
          const wildcard = wildcardOf(dnsName);
          if (wildcard !== undefined && wildcard !== dnsName) append(this.#below, wildcard, dnsName);
        }
      }
    }
  }

  /** Names with certificates of their own that a wildcard covers. */
  below(wildcard: string): readonly string[] {
    return [...new Set(this.#below.get(wildcard))];
  }

  /**
   * Those that may be shown for a host name or a wildcard, best first: those that have the name itself before those that
   * cover it by a wildcard.
   */
  find(hostName: string): readonly LoadedCertificate[] {
    return this.#entriesOf(hostName).map(({ certificate }) => certificate);
  }

  /** That of the name whose certificate is shown first; undefined: none was given to it. */
  ticketDomain(hostName: string): string | undefined {
    return this.#entriesOf(hostName)[0]?.name.ticketDomain;
  }

  #entriesOf(hostName: string) {
    return [...new Set([hostName, wildcardOf(hostName) ?? hostName])]
      .flatMap((name) => this.#byName.get(name) ?? [])
      .filter(({ name: { serverNames } }) =>
        serverNames?.some((pattern) => coversName(pattern, hostName)) ?? true
      );
  }
}

function append<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/**
 * The entries of one site: one for each set of certificates and ticket domain that its names have; a domain that the site
 * has itself goes before those that are pushed. A wildcard's names that have certificates
 * of their own get an entry each, unless another site has them (`taken`). Names without any lead to no certificate, and
 * clients that ask for them are refused.
 */
export function pushedEntries(
  { names, isDefault, site }: SiteEntry,
  index: CertificateIndex,
  taken: ReadonlySet<string>,
): SiteEntry[] {
  const below = names.flatMap((name) => index.below(name)).filter((name) => !taken.has(name));
  const first = names[0];
  const domainOf = (name: string) => site.tls.ticketDomain ?? index.ticketDomain(name);
  const groups = Map.groupBy(
    [...names, ...below],
    (name) => `${domainOf(name) ?? ""} ${keyOf(index.find(name))}`,
  );
  return Array.from(groups.values(), (group): SiteEntry => {
    const ticketDomain = domainOf(group[0]!);
    const certificates = index.find(group[0]!);
    return {
      names: group,
      isDefault: isDefault && first !== undefined && group.includes(first),
      site: {
        ...site,
        tls: { ...site.tls, certificates, ...(ticketDomain === undefined ? {} : { ticketDomain }) },
      },
    };
  });
}

/** Of the certificates' identity: equal for equal lists. */
function keyOf(certificates: readonly LoadedCertificate[]): string {
  return certificates.map(numberOf).join();
}

const numbers = new WeakMap<LoadedCertificate, number>();
let lastNumber = 0;

function numberOf(certificate: LoadedCertificate): number {
  const known = numbers.get(certificate);
  if (known !== undefined) return known;
  numbers.set(certificate, ++lastNumber);
  return lastNumber;
}

/** Names of a site that clients are refused for: no certificate has come for them. */
export function namesWithoutCertificate(names: readonly string[], index: CertificateIndex): string[] {
  return names.filter((name) => index.find(name).length === 0);
}
