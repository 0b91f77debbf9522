import { isAbsolute, resolve } from "node:path";
import { formatAddress, parseTcpAddress } from "../../../shared/config/address.ts";
import { HoldfastError } from "../../../shared/errors.ts";
import type { ServerPlace } from "../client/api_client.ts";
import { CliError, usageError } from "./errors.ts";

/** Options that every command has. */
export interface PlaceOptions {
  readonly socket?: string;
  readonly config?: string;
  readonly server?: string;
  readonly serverName?: string;
  readonly identity?: string;
  readonly identityKey?: string;
  readonly serverCa?: string;
}

/** Where `systemd`'s RuntimeDirectory puts it. */
export const usualSocket = "/run/holdfast/admin.sock";

/**
 * An option says where; else HOLDFAST_ADMIN does, a socket's path or host:port; else it is the usual socket. Throws
 * CliError.
 */
export async function findServer(
  options: PlaceOptions,
  environment: (name: string) => string | undefined,
): Promise<ServerPlace> {
  const given = [options.socket, options.config, options.server].filter((option) => option !== undefined);
  if (given.length > 1) {
    throw usageError("Cannot choose a key server: give one of --socket, --config, --server");
  }
  if (options.socket !== undefined) return { socket: resolve(options.socket) };
  if (options.config !== undefined) return { socket: await socketOfConfig(options.config) };
  const named = options.server ?? environment("HOLDFAST_ADMIN");
  if (named === undefined || named === "") return { socket: usualSocket };
  if (options.server === undefined && isSocketPath(named)) return { socket: named.replace(/^unix:/, "") };
  return overTls(named, options, environment);
}

function isSocketPath(text: string): boolean {
  return text.startsWith("unix:") || isAbsolute(text);
}

function overTls(
  text: string,
  options: PlaceOptions,
  environment: (name: string) => string | undefined,
): ServerPlace {
  const server = parseTcpAddress(text);
  if (server === undefined || server.port === 0) {
    throw usageError(`Cannot find the key server: ${text} is neither host:port nor a socket's path`);
  }
  const file = (option: string, given: string | undefined) => {
    const variable = `HOLDFAST_ADMIN_${option.toUpperCase().replace("-", "_")}`;
    const path = given ?? environment(variable);
    if (path !== undefined && path !== "") return path;
    throw usageError(
      `Cannot speak to ${formatAddress(server)}: mutual TLS needs --${option} FILE (or ${variable})`,
    );
  };
  const serverName = options.serverName ?? environment("HOLDFAST_ADMIN_SERVER_NAME") ?? server.host;
  return {
    server,
    serverName,
    identity: file("identity", options.identity),
    key: file("identity-key", options.identityKey),
    ca: file("server-ca", options.serverCa),
  };
}

/** The unix socket that a key server's configuration names. */
async function socketOfConfig(file: string): Promise<string> {
  const { loadKeyServerConfig } = await import("../../config.ts");
  let config;
  try {
    config = await loadKeyServerConfig(file);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new CliError(error.code, error.message, "usage", { cause: error });
  }
  const socket = config.adminApi?.unix?.path;
  if (socket === undefined) {
    throw usageError(`Cannot find the key server: ${file} has no unix = "…" in a section [admin_api]`);
  }
  return socket;
}
