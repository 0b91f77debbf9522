import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Sandbox, sandboxArguments } from "./sandbox.ts";

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A command line that does the same in a sandbox: Deno starts, enters it and becomes `command`, in the same process. */
export function sandboxedCommand(sandbox: Sandbox, { command, args }: Command): Command {
  return {
    command: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--no-prompt", "--cached-only", "--config", join(root, "deno.json")],
      ...["--allow-ffi", join(root, "shared/hardening/launch.ts"), ...sandboxArguments(sandbox)],
      ...[command, ...args],
    ],
  };
}
