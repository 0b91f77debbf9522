import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { poll } from "../poll.ts";
import { ChildProcess } from "./child_process.ts";

const frontDoor = fileURLToPath(new URL("../../../holdfast", import.meta.url));

/** Starts a process of the product that may lock 64 KiB: it must refuse, and say which limit to raise. */
export async function assertRefusesUnlockedMemory(
  name: "edge" | "key-server",
  configFile: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  // Root is exempt from the limit by one capability: without it, root is like anybody.
  const withoutExemption = Deno.uid() === 0
    ? ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"]
    : [];
  await using process = new ChildProcess({
    name,
    command: "prlimit",
    args: ["--memlock=65536:65536", ...withoutExemption, frontDoor, name, "--config", configFile],
    env,
  });
  assert.equal((await process.ended).code, 1);
  const reason = /RLIMIT_MEMLOCK is 65536 bytes.*LimitMEMLOCK=/;
  await poll("the reason", () => process.lines.some((line) => reason.test(line)));
}
