import type { Status } from "../schemas/status.ts";
import type { AdminServices } from "../services.ts";
import { expiringCertificates } from "./certificates.ts";
import { listEdges } from "./edges.ts";
import { listKeys } from "./keys.ts";
import { hasEnded } from "./names.ts";

const soon = 30 * 24 * 60 * 60 * 1000;

export function getStatus(services: AdminServices): Status {
  const { registry } = services;
  const { state } = registry;
  const keys = listKeys(services);
  const edges = listEdges(services);
  const rotations = state.list("rotation").filter((rotation) => !hasEnded(rotation));
  const connected = edges.filter(({ connected }) => connected);
  const expiring = expiringCertificates(state, new Date(Date.now() + soon));
  const notLoaded = keys.filter(({ state, loaded }) => state === "active" && !loaded);
  const problems = [
    ...services.audit.failure === undefined
      ? []
      : [`the audit log cannot be kept: ${services.audit.failure}`],
    ...notLoaded.map(({ name, problem }) =>
      `the key ${name} answers for nothing: ${problem ?? "not loaded"}`
    ),
    ...expiring.filter(({ daysLeft }) => daysLeft < 0).map(({ id, uses }) =>
      `the certificate ${id.slice(0, 12)} of ${uses.map(({ name }) => name).join(", ")} is over`
    ),
    ...edges.flatMap(({ identity, problems }) =>
      Object.entries(problems).map(([name, reason]) => `the edge ${identity} cannot use ${name}: ${reason}`)
    ),
    ...rotations.filter(({ problem }) => problem !== undefined).map(({ name, step, problem }) =>
      `the rotation of ${name} does not get on at ${step}: ${problem}`
    ),
  ];
  const count = <T extends { readonly state: string }>(list: readonly T[], state: T["state"]) =>
    list.filter((each) => each.state === state).length;
  return {
    healthy: problems.length === 0,
    problems,
    startedAt: services.startedAt.toISOString(),
    registry: { version: state.version, writable: registry.writable },
    keys: {
      active: count(keys, "active"),
      retired: count(keys, "retired"),
      destroyed: count(keys, "destroyed"),
      notLoaded: notLoaded.map(({ name }) => name),
    },
    names: state.list("name").length,
    edges: {
      admitted: count(edges, "admitted"),
      revoked: count(edges, "revoked"),
      connected: connected.length,
      lowestVersion: connected.length === 0
        ? null
        : Math.min(...connected.map(({ acknowledgedVersion }) => acknowledgedVersion ?? 0)),
    },
    rotations: rotations.map(({ id, name, step, problem }) => ({ id, name, step, problem: problem ?? null })),
    expiring,
  };
}
