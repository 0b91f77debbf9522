import { runCommand } from "../../harness/command.ts";

/** Who took part, by their own words. */
export async function versionsOf(): Promise<Record<string, string>> {
  return {
    nginx: await firstLine("nginx", ["-v"]),
    hitch: await firstLine("hitch", ["--version"]),
    openssl: await firstLine("openssl", ["version"]),
    deno: Deno.version.deno,
  };
}

async function firstLine(command: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await runCommand(command, args).catch(() => ({
    stdout: "",
    stderr: "not installed",
  }));
  return (stdout + stderr).trim().split("\n")[0]!.replace(/^nginx version: nginx\//, "").replace(
    /^hitch /,
    "",
  );
}
