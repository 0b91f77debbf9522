import { isIP } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatAddress } from "../../shared/config/address.ts";
import { pathBesideConfig } from "../../shared/config/paths.ts";
import { replaceable, runtimeFiles, runtimePrograms } from "../../shared/hardening/runtime_files.ts";
import type { Sandbox } from "../../shared/hardening/sandbox.ts";
import { sandboxedCommand } from "../../shared/hardening/sandboxed_command.ts";
import { entryFiles } from "../certificates/certificate_entry.ts";
import { clientAuthorityFiles } from "../certificates/client_certificates_config.ts";
import type { EdgeConfigFile } from "../config.ts";
import { isEnrolled } from "../enrolment/identity_folder.ts";
import { ticketKeyFiles } from "../ticket_keys/tickets_config.ts";
import type { WorkerCommand } from "./worker_process.ts";

/** What a worker may do, by Deno's permissions; DESIGN.md says what for. Hosts, paths and names are exact. */
export interface WorkerPermissions {
  /** Files of the configuration, by absolute path, and unix sockets. */
  readonly read: readonly string[];
  /** Unix sockets that it connects to: Deno wants all three. And `renews`. */
  readonly write: readonly string[];
  /** The folder of an identity that the edge renews by itself. */
  readonly renews?: string;
  /** "host:port" or "unix:/path" of key servers and backends. */
  readonly net: readonly string[];
  readonly env: readonly string[];
}

/** Read by pino as it loads; its value does not matter. */
const libraryEnvironment = ["NODE_V8_COVERAGE"];

/** The least that a worker with this configuration needs. */
export function workerPermissions(configFile: string, config: EdgeConfigFile): WorkerPermissions {
  const absolute = (path: string) => pathBesideConfig(configFile, path);
  const key = keyPermissions(config.identity.private_key, absolute);
  const files = [
    config.identity.certificate,
    ...config.key_server.flatMap((keyServer) => "ca" in keyServer ? [keyServer.ca] : []),
    ...config.site.flatMap(({ certificates }) => certificates.flatMap(entryFiles)),
    ...config.site.flatMap(({ client_certificates: clients }) => {
      const named = clientAuthorityFiles(clients, absolute);
      return named === undefined ? [] : [named.ca, ...named.crls];
    }),
    ...ticketKeyFiles(config.tickets),
  ].map(absolute);
  const backends = config.site.map(({ backend }) => backend);
  const sockets = [
    ...config.key_server.flatMap((keyServer) => "unix" in keyServer ? [keyServer.unix] : []),
    ...backends.flatMap((backend) => "path" in backend ? [backend.path] : []),
  ].map(absolute);
  const addresses = config.key_server.flatMap((keyServer) =>
    "address" in keyServer ? [keyServer.address] : []
  );
  const renews = enrolledFolder(config, absolute);
  return {
    // The configuration itself for error messages only, which tell a problem's line.
    read: unique([configFile, ...files, ...key.read, ...sockets, ...renews ? [renews] : []]),
    write: unique([...sockets, ...renews ? [renews] : []]),
    ...(renews && { renews }),
    net: unique(
      [
        ...addresses,
        ...backends.filter((backend) => "port" in backend),
        ...sockets.map((path) => ({ path })),
      ].map(formatAddress),
    ),
    env: unique([...libraryEnvironment, ...key.env]),
  };
}

/**
 * The same for native code, which Deno does not hold: by files' folders, and ports. Nothing is bound, and nothing written
 * but the edge's own identity.
 */
export function workerSandbox({ read, write, net, renews }: WorkerPermissions): Sandbox {
  const files = read.filter((path) => !write.includes(path)); // a socket is not read
  return {
    read: unique([...runtimeFiles("edge-terminator", "shared"), ...files.flatMap(replaceable)]),
    execute: runtimePrograms(),
    readWrite: renews === undefined ? [] : [renews],
    connect: portsOf(net),
    bind: [],
    isolated: true,
  };
}

/** The ports of "host:port"; with a host that is a name also DNS's, for answers too long for a datagram. */
function portsOf(net: readonly string[]): number[] {
  const places = net.filter((place) => !place.startsWith("unix:"));
  const isNamed = places.some((place) => isIP(place.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")) === 0);
  return [...new Set([...places.map((place) => Number(/\d+$/.exec(place))), ...isNamed ? [53] : []])];
}

/** The command line of a worker: Deno itself, with these permissions and no others, in its sandbox. */
export function workerCommand(permissions: WorkerPermissions): WorkerCommand {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  return sandboxedCommand(workerSandbox(permissions), {
    command: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--no-prompt", "--cached-only", "--config", join(root, "deno.json")],
      ...pathFlags("read", permissions.read),
      ...pathFlags("write", permissions.write),
      ...flag("net", permissions.net),
      ...flag("env", permissions.env),
      // Without paths: with them Deno refuses every pointer operation, and looks for libraries in its folder only.
      "--allow-ffi",
      "--allow-sys=hostname",
      join(root, "edge-terminator/worker/main.ts"),
    ],
  });
}

/** Undefined: whoever made the identity renews it. */
export function enrolledFolder(
  { identity, control }: EdgeConfigFile,
  absolute: (path: string) => string,
): string | undefined {
  if (control === undefined) return undefined;
  const state = absolute(control.state);
  const files = {
    certificate: absolute(identity.certificate),
    privateKey: absolute(identity.private_key.replace(/^file:/, "")),
  };
  return isEnrolled(files, state) ? state : undefined;
}

/** The identity's private key is a file, or comes from the environment or from systemd. */
function keyPermissions(
  source: string,
  absolute: (path: string) => string,
): { read: string[]; env: string[] } {
  const [, kind, name = ""] = /^(?:(env|credential):)?(.*)$/s.exec(source) ?? [];
  if (kind === "env") return { read: [], env: [name] };
  if (kind === undefined) return { read: [absolute(source.replace(/^file:/, ""))], env: [] };
  const folder = Deno.env.get("CREDENTIALS_DIRECTORY");
  return { read: folder === undefined ? [] : [join(folder, name)], env: ["CREDENTIALS_DIRECTORY"] };
}

/** A flag without values would allow everything: leave it out then. */
function flag(name: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`--allow-${name}=${values.map(doubled).join(",")}`];
}

/** One flag a path: Linux ends a single argument at 128 KiB. Deno takes other flags once only. */
function pathFlags(name: "read" | "write", paths: readonly string[]): string[] {
  return paths.map((path) => `--allow-${name}=${doubled(path)}`);
}

/** A comma in a value would begin another one. */
const doubled = (value: string) => value.replaceAll(",", ",,");

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
