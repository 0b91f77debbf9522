/** What the demo sets up so that a newcomer can rotate a key at once, and the commands for it. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { curlTarget } from "../harness/clients/curl.ts";
import type { Endpoint } from "../harness/clients/negotiated.ts";
import { mustRun } from "../harness/command.ts";
import type { System } from "../harness/system.ts";
import type { Screen } from "./screen.ts";

const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));
const socket = "admin.sock";
const roots = "roots.pem";

/** Of the key server's configuration. The drain time is short: the demo's connections are. */
export const administration = {
  registry: { path: "registry.sqlite" },
  admin_api: { unix: socket },
  rotation: { drain_ms: 5000 },
} as const;

/** Makes a development CA in the token, which certifies what is rotated, and a file of roots that has it too. */
export async function openRotations({ installation, endpoint }: System): Promise<void> {
  const env = { HOLDFAST_ADMIN: installation.file(socket) };
  const { stdout } = await mustRun(frontDoor, ["authority", "create", "development", "--json"], { env });
  const { chain } = JSON.parse(stdout);
  await Deno.writeTextFile(installation.file(roots), await Deno.readTextFile(endpoint.rootFile) + chain);
}

/** Where visitors reach the edge, whoever certified its key. */
export function endpointAfterRotations({ installation, endpoint }: System): Endpoint {
  return { ...endpoint, rootFile: installation.file(roots) };
}

export function showRotation(system: System, screen: Screen): void {
  const endpoint = endpointAfterRotations(system);
  const holdfast = holdfastCommand();
  const name = endpoint.serverName;
  const visit = `curl ${curlTarget(endpoint, "/").join(" ")}`;
  const key =
    `openssl s_client -connect ${endpoint.host}:${endpoint.port} -servername ${name} -CAfile ${endpoint.rootFile}` +
    " </dev/null 2>/dev/null | grep -E '^issuer|public key|^Verification'";
  screen.command(`export HOLDFAST_ADMIN=${system.installation.file(socket)}`);
  screen.command(`${holdfast} status`);
  screen.command(key);
  screen.command(`${holdfast} rotate ${name} --to p384 --ca dev --watch`);
  screen.command(key);
  screen.command(visit);
  screen.command(`${holdfast} names show ${name}`);
}

/** As a newcomer types it: relative where the demo was started in the checkout. */
function holdfastCommand(): string {
  return resolve("holdfast") === frontDoor ? "./holdfast" : frontDoor;
}
