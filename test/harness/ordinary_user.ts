/**
 * Runs a Deno program as an ordinary user under a limit on locked memory (bytes), from which root would be exempt.
 *
 * As root it becomes uid 65534 and keeps the one capability to read files, as a checkout below /root needs. Needs
 * setpriv and prlimit (Debian package util-linux). Throws with the child's messages when it fails.
 *
 * @param program TypeScript; it imports by absolute URLs
 * @returns its standard output
 */
export async function runAsOrdinaryUser(
  program: string,
  lockLimit: number,
  ...args: string[]
): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "holdfast-ordinary-user-" });
  try {
    await Deno.chmod(folder, 0o777);
    await Deno.writeTextFile(`${folder}/program.ts`, program);
    const deno = [Deno.execPath(), "run", "--no-config", "--no-check", "--allow-all", `${folder}/program.ts`];
    const command = ["prlimit", `--memlock=${lockLimit}:${lockLimit}`, ...becomeOrdinary(), ...deno, ...args];
    const result = await new Deno.Command(command[0]!, {
      args: command.slice(1),
      env: { DENO_DIR: `${folder}/deno`, HOME: folder, NO_COLOR: "1" },
    }).output();
    const [output, errors] = [result.stdout, result.stderr].map((bytes) => new TextDecoder().decode(bytes));
    if (!result.success) throw new Error(`Cannot run a program as an ordinary user: ${errors}`);
    return output!;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function becomeOrdinary(): string[] {
  if (Deno.uid() !== 0) return [];
  const capability = "-all,+dac_read_search";
  return [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
    `--bounding-set=${capability}`,
  ];
}
