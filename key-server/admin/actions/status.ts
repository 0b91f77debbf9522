import type { CertificateSummary } from "../schemas/certificates.ts";
import type { EdgeView } from "../schemas/edges.ts";
import type { KeyView } from "../schemas/keys.ts";
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
  const rotations = state.list("rotation").filter((rotation) => !hasEnded(rotation))
    .map(({ id, name, step, problem }) => ({ id, name, step, problem: problem ?? null }));
  const tokens = services.tokens().map(({ problem, ...token }) => ({ ...token, problem: problem ?? null }));
  const expiring = expiringCertificates(state, new Date(Date.now() + soon));
  const { problem: brokerProblem } = services.tickets.status;
  const problems = [
    ...tokens.filter(({ problem }) => problem !== null).map(({ label, problem }) =>
      `the token ${label}: ${problem}`
    ),
    ...services.audit.failure === undefined
      ? []
      : [`the audit log cannot be kept: ${services.audit.failure}`],
    ...brokerProblem === undefined
      ? []
      : [`the broker that tells of other key servers' edges cannot be used: ${brokerProblem}`],
    ...problemsOfKeys(keys),
    ...problemsOfCertificates(expiring),
    ...problemsOfEdges(edges),
    ...rotations.filter(({ problem }) => problem !== null).map(({ name, step, problem }) =>
      `the rotation of ${name} does not get on at ${step}: ${problem}`
    ),
  ];
  return {
    healthy: problems.length === 0,
    problems,
    startedAt: services.startedAt.toISOString(),
    registry: { version: state.version, writable: registry.writable },
    tokens,
    keys: {
      active: count(keys, "active"),
      retired: count(keys, "retired"),
      destroyed: count(keys, "destroyed"),
      notLoaded: keys.filter(isNotLoaded).map(({ name }) => name),
    },
    names: state.list("name").length,
    edges: summaryOfEdges(edges, state.version),
    rotations,
    expiring,
  };
}

function count<T extends { readonly state: string }>(list: readonly T[], state: T["state"]): number {
  return list.filter((each) => each.state === state).length;
}

function isNotLoaded({ state, loaded }: KeyView): boolean {
  return state === "active" && !loaded;
}

function summaryOfEdges(edges: readonly EdgeView[], version: number): Status["edges"] {
  const connected = edges.filter(({ connected }) => connected).map(({ identity, acknowledgedVersion }) => ({
    identity,
    acknowledgedVersion: acknowledgedVersion ?? 0,
  }));
  const versions = connected.map(({ acknowledgedVersion }) => acknowledgedVersion);
  return {
    admitted: count(edges, "admitted"),
    revoked: count(edges, "revoked"),
    connected: connected.length,
    lowestVersion: versions.length === 0 ? null : Math.min(...versions),
    behind: connected.filter(({ acknowledgedVersion }) => acknowledgedVersion < version),
  };
}

function problemsOfKeys(keys: readonly KeyView[]): string[] {
  return keys.filter(({ state, loaded, problem }) => state === "active" && (!loaded || problem !== null))
    .map(({ name, problem }) => `the key ${name} does not answer: ${problem ?? "it is not loaded"}`);
}

function problemsOfCertificates(expiring: readonly CertificateSummary[]): string[] {
  return expiring.filter(({ daysLeft }) => daysLeft < 0).map(({ id, uses }) =>
    `the certificate ${id.slice(0, 12)} of ${uses.map(({ name }) => name).join(", ")} is over`
  );
}

function problemsOfEdges(edges: readonly EdgeView[]): string[] {
  return edges.flatMap(({ identity, problems }) =>
    Object.entries(problems).map(([name, reason]) => `the edge ${identity} cannot use ${name}: ${reason}`)
  );
}
