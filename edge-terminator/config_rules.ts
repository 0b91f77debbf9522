/** What the parts of an edge's configuration must not say together. */
import type { z } from "zod";
import { formatAddress, type SocketAddress, type TcpAddress } from "../shared/config/address.ts";
import type { CertificateEntry } from "./certificates/certificate_entry.ts";
import type { ControlSection } from "./control/control_config.ts";
import { checkTicketsSection, type TicketsSection } from "./ticket_keys/tickets_config.ts";
import { checkTlsSection, type TlsSection } from "./tls_config.ts";

interface Rules {
  readonly listen: readonly { readonly address: TcpAddress }[];
  readonly key_server:
    readonly ({ readonly address: TcpAddress; readonly name: string } | { readonly unix: string })[];
  readonly site: readonly {
    readonly names: readonly string[];
    readonly certificates: readonly CertificateEntry[];
    readonly alpn: readonly string[];
    readonly backend: SocketAddress;
    readonly default: boolean;
  }[];
  readonly control?: ControlSection | undefined;
  readonly tls: TlsSection;
  readonly tickets: TicketsSection;
  readonly limits: { readonly handshake_deadline_ms: number; readonly key_operation_deadline_ms: number };
}

type Report = (path: (string | number)[], expected: string) => void;

/** Adds an issue for each contradiction, at the key that could be changed. */
export function refuseContradictions(config: Rules, context: z.core.$RefinementCtx<unknown>): void {
  const report: Report = (path, message) => void context.addIssue({ code: "custom", path, message });
  refuseRepeated(
    config.listen.map(({ address }) => formatAddress(address)),
    "a listener",
    (index, expected) => report(["listen", index, "address"], expected),
  );
  checkKeyServers(config, report);
  checkSites(config, report);
  checkTlsSection(config.tls, report);
  checkTicketsSection(config.tickets, config.control !== undefined, report);
  if (config.tls.session_peers && config.tickets.source !== "hub") {
    report(["tls", "session_peers"], 'false, or tickets.source = "hub": edges reach each other by that');
  }
  const { handshake_deadline_ms: handshake, key_operation_deadline_ms: keyOperation } = config.limits;
  if (keyOperation > handshake) {
    report(["limits", "key_operation_deadline_ms"], "no more than limits.handshake_deadline_ms");
  }
}

function checkKeyServers({ key_server: keyServers }: Rules, report: Report): void {
  const places = keyServers.map((keyServer) =>
    "unix" in keyServer ? `unix:${keyServer.unix}` : formatAddress(keyServer.address)
  );
  refuseRepeated(
    places,
    "a key server",
    (index, expected) =>
      report(["key_server", index, "unix" in keyServers[index]! ? "unix" : "address"], expected),
  );
}

function checkSites({ site: sites, control }: Rules, report: Report): void {
  const names = sites.flatMap((site, index) => site.names.map((name, at) => ({ name, index, at })));
  refuseRepeated(names.map(({ name }) => name), "a site", (found, expected) => {
    const { index, at } = names[found]!;
    report(["site", index, "names", at], expected);
  });
  const defaults = sites.flatMap((site, index) => site.default ? [index] : []);
  for (const index of defaults.slice(1)) {
    report(["site", index, "default"], `false: site[${defaults[0]}] is the default already`);
  }
  for (const [index, site] of sites.entries()) {
    if (site.certificates.length === 0 && control === undefined) {
      report(
        ["site", index, "certificates"],
        "at least one, or a [control] section: key servers push them then",
      );
    }
    refuseRepeated(
      site.certificates.map(({ chain }) => chain),
      "a certificate of this site",
      (at, expected) => report(["site", index, "certificates", at], expected),
    );
    refuseRepeated(
      site.alpn,
      "a protocol of this site",
      (at, expected) => report(["site", index, "alpn", at], expected),
    );
  }
}

function refuseRepeated(
  values: readonly string[],
  what: string,
  report: (index: number, expected: string) => void,
): void {
  const seen = new Set<string>();
  for (const [index, value] of values.entries()) {
    if (seen.has(value)) report(index, `one that no earlier entry has: it is ${what} already`);
    seen.add(value);
  }
}
