/** What a finished command left behind. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The folder to run in; ours unless told. */
  readonly cwd?: string;
  /** Milliseconds until it is killed and its code is 124; 20 s unless told. */
  readonly deadline?: number;
}

/** Runs a command to its end and captures its output; never throws for its exit code. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { input = "", env = {}, deadline = 20_000, cwd }: CommandOptions = {},
): Promise<CommandResult> {
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    ...(cwd !== undefined && { cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  })
    .spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, deadline);
  try {
    const [output] = await Promise.all([child.output(), feed(child.stdin, input)]);
    const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code: late ? 124 : output.code, stdout: stdout ?? "", stderr: stderr ?? "" };
  } finally {
    clearTimeout(timer);
  }
}

/** Like {@link runCommand}, and throws with all output when the command fails. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<CommandResult> {
  const result = await runCommand(command, args, options);
  if (result.code !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} ended with ${result.code}\n${result.stdout}${result.stderr}`,
    );
  }
  return result;
}

/** Writes the input and closes; a command that ends without reading it is no error here. */
async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // EPIPE: its exit code tells the story.
  }
}
