import type { Readiness } from "../../shared/admin_port.ts";
import type { KeyServerReport, WorkerReport } from "../worker/control_messages.ts";

export interface SlotStatus {
  readonly slot: number;
  readonly state: string;
  readonly pid: number;
  /** Undefined: no answer in time. */
  readonly report: WorkerReport | undefined;
}

/** The edge is ready when every slot serves and has a key server that it can expect an answer from. */
export function readinessOf(slots: readonly SlotStatus[]): Readiness {
  const checks = Object.fromEntries(slots.map((status) => [`worker-${status.slot}`, checkOf(status)]));
  const ready = slots.length > 0 && slots.every(isReady);
  return { ready, checks };
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
