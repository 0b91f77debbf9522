/** Ticket keys that edges share: how they stand, and new ones on demand. */
import type { DomainStatus, MemberStatus } from "../../ticket_hub/ticket_hub_status.ts";
import { notFound } from "../errors.ts";
import type {
  RotatedTicketKeys,
  TicketDomainView,
  TicketEdgeView,
  TicketStatus,
} from "../schemas/tickets.ts";
import type { AdminServices } from "../services.ts";

export function ticketStatus({ tickets }: AdminServices): TicketStatus {
  const { domains, members, problem } = tickets.status;
  return {
    domains: domains.map((domain) => viewOfDomain(domain, members)),
    edges: members.map((member) => viewOfEdge(member)),
    problem: problem ?? null,
  };
}

export function listTicketDomains(services: AdminServices): TicketDomainView[] {
  return ticketStatus(services).domains;
}

/** Has edges make new keys now; their former ones go on to open tickets. */
export function rotateTicketKeys({ tickets }: AdminServices, domain: string | undefined): RotatedTicketKeys {
  const { domains, members } = tickets.status;
  const chosen = domains.filter(({ name }) => domain === undefined || name === domain);
  if (domain !== undefined && chosen.length === 0) {
    throw notFound("rotate ticket keys", "ticket domain", domain);
  }
  return {
    domains: chosen.map(({ name }) => {
      tickets.rotate(name);
      const connected = members.filter((member) => member.connected && member.domains.includes(name));
      return { name, edges: connected.length };
    }),
  };
}

export function viewOfDomain(
  { name, epoch, names }: DomainStatus,
  members: readonly MemberStatus[],
): TicketDomainView {
  const edges = members.filter(({ domains }) => domains.includes(name)).length;
  return { name, epoch, names: [...names], edges };
}

function viewOfEdge(
  { edge, instance, connected, since, domains, report: dated }: MemberStatus,
): TicketEdgeView {
  const { issued = 0, resumed = 0, refused = 0, domains: reported = [] } = dated?.report ?? {};
  const later = dated === undefined ? 0 : Math.max(0, Date.now() - dated.at.getTime());
  return {
    edge,
    instance,
    connected,
    since: since.toISOString(),
    domains: [...domains],
    reportedAt: dated?.at.toISOString() ?? null,
    keys: reported.flatMap(({ domain, epoch, keys }) =>
      keys.map(({ name, age, ...key }) => ({
        domain,
        epoch,
        name: Uint8Array.fromBase64(name).toHex(),
        age: age + later,
        ...key,
      }))
    ),
    foreignKeys: reported.reduce((sum, { foreignKeys }) => sum + foreignKeys, 0),
    issued,
    resumed,
    refused,
    resumptionRate: resumed + refused === 0 ? null : resumed / (resumed + refused),
  };
}
