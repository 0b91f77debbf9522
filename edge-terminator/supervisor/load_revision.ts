import { availableParallelism } from "node:os";
import { parseConfig } from "../../shared/config/load.ts";
import { pathBesideConfig } from "../../shared/config/paths.ts";
import { ConfigError } from "../../shared/config/errors.ts";
import { type EdgeConfigFile, edgeConfigSchema } from "../config.ts";
import type { Revision } from "./generation.ts";
import { workerCommand, workerPermissions } from "./worker_command.ts";

/** A configuration as the supervisor needs it: what it acts on itself, and what it hands to its workers. */
export interface LoadedRevision {
  readonly revision: Revision;
  readonly config: EdgeConfigFile;
}

/**
 * Reads and validates the file. What it names (certificates, keys) is for the workers to read: a supervisor has no
 * business with it. Throws ConfigError.
 */
export async function loadRevision(configFile: string): Promise<LoadedRevision> {
  const configText = await Deno.readTextFile(configFile).catch((cause) => {
    throw new ConfigError(configFile, [{ key: "", text: "it cannot be read" }], { cause });
  });
  const config = parseConfig(configText, configFile, edgeConfigSchema);
  return {
    config,
    revision: {
      configFile,
      configText,
      addresses: config.listen.map(({ address }) => address),
      workers: config.workers === 0 ? availableParallelism() : config.workers,
      command: workerCommand(workerPermissions(configFile, config)),
      drainDeadline: config.limits.drain_deadline_ms,
      controlState: config.control && pathBesideConfig(configFile, config.control.state),
    },
  };
}
