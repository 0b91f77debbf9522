import { ShimConnection } from "./connection.ts";
import { ShimFailure } from "./failure.ts";
import { parseFlags, type ShimConfig, UnknownFlagError } from "./shim_config.ts";
import { TestState } from "./test_state.ts";

/** What the runner reads from the exit code: PORTING.md, "Unimplemented Features". 90 fails whatever is expected. */
export const exitCode = { passed: 0, failed: 1, notImplemented: 89, broken: 90 } as const;

/** How a run of the shim ends. A passing test writes nothing to stderr. */
export interface ShimEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the test that the runner's command line describes: each connection in turn, in this process. */
export async function runShim(args: readonly string[]): Promise<ShimEnd> {
  try {
    const config = parseFlags(args);
    if (config.initial.flags["is-handshaker-supported"]) return end(exitCode.passed, { stdout: "No\n" });
    if (!config.initial.flags.server) throw new UnknownFlagError("(a client)");
    await runConnections(config);
    return end(exitCode.passed);
  } catch (error) {
    if (error instanceof UnknownFlagError) {
      return end(exitCode.notImplemented, { stderr: `${error.message}\n` });
    }
    if (error instanceof ShimFailure) return end(exitCode.failed, { stderr: `${error.message}\n` });
    return end(exitCode.broken, { stderr: `${(error as Error).stack}\n` });
  }
}

async function runConnections({ initial, resume }: ShimConfig): Promise<void> {
  await using state = await TestState.open(initial.flags);
  for (let number = 0; number <= (initial.flags["resume-count"] ?? 0); number++) {
    const config = number === 0 ? initial : resume;
    await ShimConnection.run(config, number > 0, state);
    state.advance(config.flags["resumption-delay"] ?? 0);
  }
}

function end(code: number, output: { stdout?: string; stderr?: string } = {}): ShimEnd {
  return { code, stdout: "", stderr: "", ...output };
}
