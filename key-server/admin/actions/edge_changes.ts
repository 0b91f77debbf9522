/** What changes an edge: revocation, its end, and groups. */
import type { EdgeEntity } from "../../registry/entities/edge.ts";
import { AdminError, notFound } from "../errors.ts";
import type { EdgeView } from "../schemas/edges.ts";
import type { AdminServices } from "../services.ts";
import { getEdge, listEdges } from "./edges.ts";

/** Cuts its connections, and refuses it whatever certificate it shows. An edge that never came can be revoked too. */
export function revokeEdge(
  services: AdminServices,
  identity: string,
  reason: string | undefined,
  author: string,
): EdgeView {
  const before = entityOf(services, identity);
  if (before.state === "revoked") {
    throw new AdminError("conflict", `Cannot revoke ${identity}: it is revoked since ${before.stateSince}`);
  }
  put(services, revokedEdge(services, identity, reason), author, `revoke ${identity}`);
  return getEdge(services, identity);
}

/** An edge as it is once it is revoked, now. */
export function revokedEdge(
  services: AdminServices,
  identity: string,
  reason: string | undefined,
): EdgeEntity {
  const { reason: _former, ...rest } = entityOf(services, identity);
  return { ...rest, state: "revoked", stateSince: now(), ...(reason && { reason }) };
}

/** Takes a revocation back. Certificates that the edge had until now stay refused: it enrols anew. */
export function readmitEdge(
  services: AdminServices,
  identity: string,
  reason: string | undefined,
  author: string,
): EdgeView {
  const before = services.registry.state.get("edge", identity);
  if (before === undefined) throw notFound("readmit an edge", "revoked edge", identity);
  if (before.state !== "revoked") {
    throw new AdminError("conflict", `Cannot readmit ${identity}: it is not revoked`);
  }
  const { reason: _former, ...rest } = before;
  const at = now();
  const state = { state: "admitted", stateSince: at, certificatesNotBefore: at } as const;
  put(services, { ...rest, ...state, ...(reason && { reason }) }, author, `readmit ${identity}`);
  return getEdge(services, identity);
}

export function setEdgeGroups(
  services: AdminServices,
  identity: string,
  groups: readonly string[],
  author: string,
): EdgeView {
  if (!listEdges(services).some((edge) => edge.identity === identity)) {
    throw notFound("set an edge's groups", "edge", identity);
  }
  const entity = { ...entityOf(services, identity), groups: [...new Set(groups)] };
  put(services, entity, author, `set the groups of ${identity}`);
  return getEdge(services, identity);
}

/** Who has not been spoken of is admitted, and in no group. */
function entityOf({ registry }: AdminServices, identity: string): EdgeEntity {
  return registry.state.get("edge", identity) ??
    { identity, groups: [], state: "admitted", stateSince: now() };
}

function put({ registry }: AdminServices, edge: EdgeEntity, author: string, reason: string): void {
  registry.commit([{ kind: "edge", put: edge }], { author, reason });
}

function now(): string {
  return new Date().toISOString();
}
