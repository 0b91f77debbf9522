import type { Readiness } from "../../shared/admin_port.ts";
import type { ControlStatus } from "./control_desk.ts";
import type { KeyServerReport, WorkerReport } from "../worker/control_messages.ts";

export interface SlotStatus {
  readonly slot: number;
  readonly state: string;
  readonly pid: number;
  /** Undefined: no answer in time. */
  readonly report: WorkerReport | undefined;
}

/**
 * The edge is ready when every slot serves and has a key server that it can expect an answer from; with a control channel,
 * when it is not revoked and has a certificate for a site at least, too.
 */
export function readinessOf(slots: readonly SlotStatus[], control?: ControlStatus): Readiness {
  const checks = Object.fromEntries(slots.map((status) => [`worker-${status.slot}`, checkOf(status)]));
  const ready = slots.length > 0 && slots.every(isReady);
  if (control === undefined) return { ready, checks };
  const controlCheck = controlCheckOf(control, slots);
  return { ready: ready && controlCheck.ready, checks: { ...checks, control: controlCheck } };
}

function controlCheckOf(
  { version, acknowledgedVersion, kept, revoked }: ControlStatus,
  slots: readonly SlotStatus[],
) {
  const reports = slots.flatMap(({ report }) => report?.control ?? []);
  const links = reports.flatMap(({ speaks, keyServers }) => speaks ? keyServers : []);
  const [any] = reports;
  return {
    ready: revoked === undefined && reports.every(({ sites, anyServed }) => sites === 0 || anyServed),
    connected: links.some(({ connected }) => connected),
    version,
    acknowledgedVersion,
    kept,
    ...(revoked === undefined ? {} : { revoked }),
    keyServers: Object.fromEntries(links.map(({ name, ...link }) => [name, link])),
    sites: any?.sites ?? 0,
    // The first hundred.
    withoutCertificate: any?.withoutCertificate ?? [],
  };
}

function isReady({ state, report }: SlotStatus): boolean {
  return state === "serving" && report !== undefined && report.keyServers.some(({ usable }) => usable);
}

function checkOf(status: SlotStatus): Record<string, unknown> {
  const { pid, state, report } = status;
  return {
    ready: isReady(status),
    state: report === undefined && state === "serving" ? "silent" : state,
    pid,
    connections: report?.connections ?? 0,
    keyServers: Object.fromEntries(
      (report?.keyServers ?? []).map((server) => [server.name, channelOf(server)]),
    ),
  };
}

function channelOf({ usable, connected, breaker, lastError }: KeyServerReport): Record<string, unknown> {
  return { usable, connected, breaker, ...(lastError === undefined ? {} : { lastError }) };
}
