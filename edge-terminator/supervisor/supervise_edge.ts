import { createLogger, type Logger } from "../../shared/log.ts";
import { type AdminPort, serveAdminPort } from "../../shared/admin_port.ts";
import { formatAddress } from "../../shared/config/address.ts";
import { HoldfastError } from "../../shared/errors.ts";
import { closeToOthers, restrictSystemCalls, tellOfSandbox } from "../../shared/hardening/harden_process.ts";
import type { EdgeConfigFile } from "../config.ts";
import { loadRevision } from "./load_revision.ts";
import { Supervisor } from "./supervisor.ts";

/**
 * Runs an edge until SIGTERM or SIGINT: starts it, serves the admin port, reloads on SIGHUP. Throws the HoldfastError
 * that keeps it from starting.
 */
export async function superviseEdge(configFile: string): Promise<void> {
  closeToOthers();
  const { revision, config } = await loadRevision(configFile);
  const log = createLogger("edge-supervisor", config.log.level);
  // Before the workers, which inherit it.
  restrictSystemCalls("supervisor", log);
  tellOfSandbox(log);
  const supervisor = new Supervisor(log);
  const stopped = stopSignal(supervisor);
  // Before the workers are up: a health check may ask from the first moment on.
  await using _admin = await openAdminPort(config.admin, supervisor, log);
  const started = supervisor.start(revision);
  // A stop does not wait for workers to become ready.
  await Promise.race([started, stopped]);
  reloadOnHangup(configFile, supervisor, log);
  log.info({ event: "edge-stops", signal: await stopped }, "no new connections; those at hand may end");
  await supervisor.stop();
  await started.catch(() => {}); // it was given up
  log.info({ event: "edge-stopped" });
}

/** Resolves with the first signal to stop; the second one ends the workers at once. */
async function stopSignal(supervisor: Supervisor): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let isStopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (isStopping) supervisor.kill();
      isStopping = true;
      resolve(signal);
    });
  }
  return await promise;
}

/** Reloads one after the other; signals that come during a reload together cause one more. */
function reloadOnHangup(configFile: string, supervisor: Supervisor, log: Logger): void {
  let isReloading = false;
  let isWanted = false;
  Deno.addSignalListener("SIGHUP", async () => {
    isWanted = true;
    if (isReloading) return;
    isReloading = true;
    while (isWanted) {
      isWanted = false;
      await reload(configFile, supervisor, log);
    }
    isReloading = false;
  });
}

async function reload(configFile: string, supervisor: Supervisor, log: Logger): Promise<void> {
  try {
    const { revision } = await loadRevision(configFile);
    await supervisor.reload(revision);
    const workers = revision.workers;
    log.info({ event: "edge-reloaded", addresses: supervisor.addresses.map(formatAddress), workers });
  } catch (error) {
    // Whatever it is, the old workers serve on.
    const reason = error instanceof HoldfastError ? error.message : error;
    log.error({ event: "reload-refused", reason }, "the old configuration stays in force");
  }
}

async function openAdminPort(
  admin: EdgeConfigFile["admin"],
  supervisor: Supervisor,
  log: Logger,
): Promise<AdminPort | undefined> {
  if (admin === undefined) return undefined;
  const port = await serveAdminPort({
    address: admin.address,
    allowRemote: admin.allow_remote,
    readiness: () => supervisor.readiness(),
    metrics: () => supervisor.metrics(),
  });
  log.info({ event: "admin-port", address: formatAddress(port.address) });
  return port;
}
