import { fileURLToPath } from "node:url";
import { mustRun } from "../command.ts";
import type { JobAnswer, TokenWork } from "./job.ts";

/** Has jobs done in a token, in a process of its own with the environment by which its module finds it. */
export async function runTokenProgram(
  work: TokenWork,
  env: Readonly<Record<string, string>>,
): Promise<JobAnswer[]> {
  const program = fileURLToPath(new URL("program.ts", import.meta.url));
  const permissions = ["--no-prompt", "--allow-ffi", "--allow-read", "--allow-env"];
  const { stdout } = await mustRun(Deno.execPath(), [
    "run",
    "--quiet",
    "--cached-only",
    ...permissions,
    program,
  ], {
    input: JSON.stringify(work),
    env,
  });
  return JSON.parse(stdout);
}
