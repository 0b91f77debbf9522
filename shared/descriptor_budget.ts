import { openFilesLimit } from "./libc/bindings.ts";
import type { Logger } from "./log.ts";

/** For the runtime's own descriptors, files, listeners, the admin port. */
const ownDescriptors = 64;
/** Connections that Deno accepts in one go, before anybody can refuse one: a listener's whole backlog. */
const longestBurst = 4096;

/** How many of `wanted` connections fit under a limit on open files; at least one. */
export function connectionsUnder(limit: number, wanted: number, descriptorsEach: number): number {
  const burst = Math.min(longestBurst, Math.floor(limit / 2));
  return Math.max(1, Math.min(wanted, Math.floor((limit - ownDescriptors - burst) / descriptorsEach)));
}

/**
 * The number of connections to take at once: as many as configured, or fewer when RLIMIT_NOFILE is too low for them,
 * which is logged.
 *
 * Without a descriptor left Deno 2.9 does not merely refuse a connection: that listener never accepts again, without an
 * error, and its stack check, which opens /proc/self/maps, may end the process. So the limit must not be reached.
 */
export function connectionsThatFit(wanted: number, descriptorsEach: number, log: Logger): number {
  const { soft } = openFilesLimit();
  const connections = connectionsUnder(soft, wanted, descriptorsEach);
  if (connections < wanted) {
    log.warn(
      { event: "descriptor-budget", openFilesLimit: soft, configured: wanted, connections },
      "RLIMIT_NOFILE allows fewer connections than limits.connections; raise it with LimitNOFILE= or ulimit -n",
    );
  }
  return connections;
}
