import { EdgePermissions } from "../../control/edge_permissions.ts";
import type { TicketDomainEntity } from "../../registry/entities/ticket_domain.ts";
import type { Change, RegistryState } from "../../registry/registry.ts";
import { domainOfName, EdgeDomains } from "../../ticket_hub/edge_domains.ts";
import { nextEpoch } from "../../ticket_hub/epochs.ts";
import type { MemberStatus } from "../../ticket_hub/ticket_hub_status.ts";
import { AdminError, notFound } from "../errors.ts";
import type { RevokedTicketEdge, RevokeTicketEdge } from "../schemas/tickets.ts";
import type { AdminServices } from "../services.ts";
import { revokedEdge } from "./edge_changes.ts";

/**
 * Ends every ticket key that an edge knew, on all others, by beginning a new epoch of its domains. An edge that may still
 * serve names of a domain would take part in the new epoch: it is refused, or revoked in the same transaction.
 */
export function revokeTicketEdge(
  services: AdminServices,
  { edge, domain, revoke, reason }: RevokeTicketEdge,
  author: string,
): RevokedTicketEdge {
  const { registry, tickets } = services;
  const { state } = registry;
  const { members } = tickets.status;
  const domains = domainsOf(state, members, edge, domain);
  if (!revoke) refuseMember(state, edge, domains);
  const revocation: Change[] = revoke && state.get("edge", edge)?.state !== "revoked"
    ? [{ kind: "edge", put: revokedEdge(services, edge, reason) }]
    : [];
  const epochs = domains.map((each) => ({ ...each, epoch: nextEpoch(each) }));
  const version = registry.commit(
    [...revocation, ...epochs.map((put): Change => ({ kind: "ticket-domain", put }))],
    { author, reason: `throw ${edge} out of ${domains.map(({ name }) => name).join(", ")}` },
  );
  const concerned = members.filter((member) => domains.some(({ name }) => member.domains.includes(name)));
  return {
    edge,
    version,
    domains: epochs.map((each) => costOf(each, members, edge)),
    ticketsIssued: concerned.reduce((sum, { report }) => sum + (report?.report.issued ?? 0), 0),
  };
}

/** Those that are named, or all that the edge was ever permitted to serve in, as far as the registry still knows. */
function domainsOf(
  state: RegistryState,
  members: readonly MemberStatus[],
  edge: string,
  domain: string | undefined,
): TicketDomainEntity[] {
  const names = domain === undefined ? knownDomains(state, members, edge) : [domain];
  const domains = names.map((name) => state.get("ticket-domain", name)).filter((found) =>
    found !== undefined
  );
  if (domain !== undefined && domains.length === 0) {
    throw notFound("throw an edge out", "ticket domain", domain);
  }
  if (domains.length === 0) {
    throw new AdminError(
      "not-found",
      `Cannot throw ${edge} out: no permission says in which ticket domains it was; name one`,
    );
  }
  return domains;
}

/** Whatever denies it now, and whether it is revoked or not: it may know their keys. */
function knownDomains(state: RegistryState, members: readonly MemberStatus[], edge: string): string[] {
  const groups = state.get("edge", edge)?.groups ?? [];
  const permitted = state.list("permission")
    .filter(({ effect, subject }) =>
      effect === "allow" && ("edge" in subject ? subject.edge === edge : groups.includes(subject.group))
    )
    .map(({ name }) => domainOfName(state, name!));
  const seen = members.filter((member) => member.edge === edge).flatMap(({ domains }) => domains);
  return [...new Set([...permitted, ...seen])].filter((domain) => domain !== undefined).sort();
}

function refuseMember(state: RegistryState, edge: string, domains: readonly TicketDomainEntity[]): void {
  const own = new EdgeDomains(state, new EdgePermissions(state)).of(edge);
  const still = domains.find(({ name }) => own.has(name));
  if (still === undefined) return;
  throw new AdminError(
    "conflict",
    `Cannot throw ${edge} out of ${still.name}: it may serve names of it, and would take part in the new epoch; ` +
      "revoke or deny it first, or have it revoked with this",
  );
}

function costOf({ name, epoch }: TicketDomainEntity, members: readonly MemberStatus[], edge: string) {
  const concerned = members.filter(({ domains }) => domains.includes(name));
  const others = concerned.filter((member) => member.edge !== edge);
  const keysOf = ({ report }: MemberStatus) =>
    report?.report.domains.find(({ domain }) => domain === name)?.keys.length ?? 0;
  return {
    name,
    epoch,
    keysEnded: concerned.reduce((sum, member) => sum + keysOf(member), 0),
    edges: others.length,
    edgesWithoutReport: others.filter(({ report }) => report === undefined).length,
  };
}
