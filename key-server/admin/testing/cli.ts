/** For tests: the admin CLI as people run it, against an admin API in this process. */
import { fileURLToPath } from "node:url";
import { type CommandOptions, type CommandResult, runCommand } from "../../../test/harness/command.ts";
import { TemporaryFolder } from "../../../test/harness/temporary_folder.ts";
import type { AdminApiConfig } from "../admin_config.ts";
import { startAdminApi } from "../admin_api.ts";
import { AdminSetup } from "./admin_setup.ts";

const frontDoor = fileURLToPath(new URL("../../../holdfast", import.meta.url));

export interface CliSetup {
  readonly setup: AdminSetup;
  readonly folder: TemporaryFolder;
  /** Runs `holdfast ARGS`, by HOLDFAST_ADMIN unless the options' environment says otherwise. */
  readonly holdfast: (args: readonly string[], options?: CommandOptions) => Promise<CommandResult>;
}

export function runCli(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return runCommand(frontDoor, args, options);
}

export async function withCli(
  run: (cli: CliSetup) => Promise<void>,
  administrators: AdminApiConfig["administrators"] = [],
): Promise<void> {
  await using folder = await TemporaryFolder.create();
  const setup = await AdminSetup.create();
  const socket = folder.file("admin.sock");
  const config = { unix: { path: socket, mode: 0o600 }, tls: undefined, administrators };
  await using _api = await startAdminApi(config, setup.services);
  const env = { HOLDFAST_ADMIN: socket };
  await run({
    setup,
    folder,
    holdfast: (args, options = {}) => runCli(args, { ...options, env: { ...env, ...options.env } }),
  });
}
