import type { Metrics } from "../../shared/metrics.ts";
import type { LookupResult } from "./session_exchange.ts";
import type { LookupPlace } from "./shared_sessions.ts";

const results: Readonly<Record<LookupPlace, readonly LookupResult[]>> = {
  local: ["hit", "miss"],
  sibling: ["hit", "miss", "late", "busy", "unreachable", "refused"],
  peer: ["hit", "miss", "late", "busy", "unreachable", "refused"],
};

/** Counts where TLS 1.2 sessions were looked for by their ids, and what came of it. */
export function countLookups(metrics: Metrics): (place: LookupPlace, result: LookupResult) => void {
  const lookups = metrics.counter(
    "holdfast_edge_session_lookups_total",
    "TLS 1.2 sessions looked for by a client's session id: in the worker itself, at a sibling, at another edge.",
    ["place", "result"],
  );
  for (const place of Object.keys(results) as LookupPlace[]) {
    for (const result of results[place]) lookups.inc({ place, result }, 0);
  }
  return (place, result) => lookups.inc({ place, result });
}
