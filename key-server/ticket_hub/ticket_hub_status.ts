import type { RegistryState } from "../registry/registry.ts";
import { type EdgeDomains, namesOfDomain } from "./edge_domains.ts";
import type { DatedReport, HubState } from "./hub_state.ts";
import type { MemberTable } from "./member_table.ts";

/** A live edge that shares ticket keys. */
export interface MemberStatus {
  readonly instance: string;
  readonly edge: string;
  /** Whether it holds a connection to this key server, or to another one that tells us. */
  readonly connected: boolean;
  /** When that began, or it was lost. */
  readonly since: Date;
  /** The domains that it is in. */
  readonly domains: readonly string[];
  /** What it last said of its keys; undefined: nothing yet. */
  readonly report: DatedReport | undefined;
}

export interface DomainStatus {
  readonly name: string;
  readonly epoch: number;
  /** The names whose sessions are sealed with its keys. */
  readonly names: readonly string[];
}

export interface TicketHubStatus {
  readonly domains: readonly DomainStatus[];
  readonly members: readonly MemberStatus[];
  /** Why other key servers cannot be reached. */
  readonly problem: string | undefined;
}

interface StatusParts {
  readonly registry: RegistryState;
  readonly domains: EdgeDomains;
  readonly members: MemberTable;
  readonly state: HubState;
}

export function ticketHubStatus(parts: StatusParts): TicketHubStatus {
  const { registry, domains, members, state } = parts;
  const instances = new Set([...members.all.map(({ member }) => member.instance), ...state.others.keys()]);
  return {
    domains: registry.list("ticket-domain").map(({ name, epoch }) => ({
      name,
      epoch,
      names: namesOfDomain(registry, name),
    })),
    members: [...instances].sort().map((instance) => memberStatus(parts, instance))
      .filter(({ edge }) => domains.of(edge).size > 0),
    problem: state.problem,
  };
}

function memberStatus({ domains, members, state }: StatusParts, instance: string): MemberStatus {
  const local = members.get(instance);
  const other = state.others.get(instance);
  const { edge } = local?.member ?? other!;
  const isHere = local?.link !== undefined;
  return {
    instance,
    edge,
    connected: isHere || other?.connected === true,
    since: isHere || other === undefined ? local!.since : other.since,
    domains: [...domains.of(edge)].sort(),
    report: later(local?.report, state.otherReports.get(instance)),
  };
}

function later(one: DatedReport | undefined, other: DatedReport | undefined): DatedReport | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.at >= other.at ? one : other;
}
