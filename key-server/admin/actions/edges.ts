import type { PermissionEntity } from "../../registry/entities/permission.ts";
import { notFound } from "../errors.ts";
import type { EdgeView } from "../schemas/edges.ts";
import type { AdminServices } from "../services.ts";

/** Every edge that is in the registry, that a permission names, or that has come. */
export function listEdges(services: AdminServices): EdgeView[] {
  const { registry: { state }, rollout } = services;
  const named = state.list("permission").flatMap(({ subject }) => "edge" in subject ? [subject.edge] : []);
  const identities = new Set([
    ...state.list("edge").map(({ identity }) => identity),
    ...named,
    ...rollout.edges.map(({ edge }) => edge),
  ]);
  return [...identities].sort().map((identity) => viewOfEdge(services, identity));
}

export function getEdge(services: AdminServices, identity: string): EdgeView {
  const found = listEdges(services).find((edge) => edge.identity === identity);
  if (found === undefined) throw notFound("show an edge", "edge", identity);
  return found;
}

function viewOfEdge({ registry: { state }, rollout }: AdminServices, identity: string): EdgeView {
  const entity = state.get("edge", identity);
  const live = rollout.edges.find(({ edge }) => edge === identity);
  const groups = entity?.groups ?? [];
  return {
    identity,
    groups,
    state: entity?.state ?? "admitted",
    stateSince: entity?.stateSince ?? null,
    certificatesNotBefore: entity?.certificatesNotBefore ?? null,
    reason: entity?.reason ?? null,
    permissions: state.list("permission").filter(isAbout(identity, groups)).map(({ id }) => id),
    connected: live?.connected ?? false,
    since: live?.since.toISOString() ?? null,
    acknowledgedVersion: live?.acknowledgedVersion ?? null,
    software: live?.software ?? null,
    problems: Object.fromEntries(live?.problems ?? []),
  };
}

function isAbout(identity: string, groups: readonly string[]): (permission: PermissionEntity) => boolean {
  return ({ subject }) => "edge" in subject ? subject.edge === identity : groups.includes(subject.group);
}
