/**
 * The key server's process: `--config FILE [--check]`. SIGHUP reads its own certificate again, SIGTERM and SIGINT
 * stop it cleanly. Exits with 0 after a clean stop, 1 when it cannot start, 2 for a wrong command line.
 */
import { processArgumentsOrExit } from "../shared/config/arguments.ts";
import { HoldfastError } from "../shared/errors.ts";
import { closeToOthers, restrictSystemCalls } from "../shared/hardening/harden_process.ts";
import { createLogger } from "../shared/log.ts";
import { type KeyServerConfig, loadKeyServerConfig } from "./config.ts";
import { dropPermissions } from "./drop_permissions.ts";
import { KeyServer } from "./key_server.ts";
import { readOwnIdentity } from "./own_identity.ts";

/** Milliseconds after the drain deadline that a token has to let go; a token that hangs would keep us for ever. */
const stopGrace = 3000;

function fail(error: unknown): never {
  if (!(error instanceof HoldfastError)) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
  Deno.exit(1);
}

/** All that can be told without the token: the file, and that its own certificate, key and CA fit together. */
async function check(config: KeyServerConfig): Promise<void> {
  if (config.listen !== undefined) await readOwnIdentity(config.listen.identity);
  Deno.stdout.writeSync(new TextEncoder().encode(`${config.file}: valid\n`));
}

async function run(config: KeyServerConfig): Promise<void> {
  closeToOthers(); // before the first secret
  const log = createLogger("key-server", config.log.level);
  const starting = KeyServer.start(config, log);
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const server = await starting;
    setTimeout(() => {
      log.error({ event: "stop-forced" }, "a token does not let go; exiting without C_Finalize");
      Deno.exit(1);
    }, config.limits.drainDeadline + stopGrace);
    await server.stop();
    Deno.exit(0);
  };
  // Before the token is open: a signal that comes while it opens must not skip C_Finalize.
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => void stop());
  Deno.addSignalListener("SIGHUP", () => void starting.then((server) => server.reloadIdentity()));
  await starting;
  dropPermissions(config);
  restrictSystemCalls("key-server", log);
}

const { config: file, check: checkOnly } = processArgumentsOrExit(
  "key-server",
  "Signs for edges with keys in a token",
);
try {
  const config = await loadKeyServerConfig(file);
  await (checkOnly ? check(config) : run(config));
} catch (error) {
  fail(error);
}
