import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Runner } from "./find_runner.ts";
import { configFile } from "./test_list.ts";

export interface RunOptions {
  readonly runner: Runner;
  readonly tests: readonly string[];
  /** For temporary files. */
  readonly folder: string;
  /** Tests at a time. */
  readonly workers: number;
  /** The program that the runner starts for each test. */
  readonly shim: string;
  readonly shimFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Told how many tests are done, now and then. */
  readonly onProgress?: (done: number) => void;
}

/** The runner's word on one test. */
export interface TestResult {
  readonly actual: "PASS" | "FAIL" | "SKIP";
  readonly error?: string;
}

/** The runner's results file. */
interface ResultsFile {
  readonly tests: Readonly<Record<string, TestResult>>;
}

/** Runs the tests and returns what the runner wrote, as text. */
export async function execute(options: RunOptions): Promise<string> {
  const { runner, tests, folder, workers, shim, shimFlags = [], env = {}, onProgress } = options;
  const json = join(folder, "results.json");
  const child = new Deno.Command(runner.program, {
    args: [
      ...["-test", tests.join(";")],
      ...["-shim-path", shim],
      ...["-shim-config", fileURLToPath(configFile)],
      ...["-json-output", json],
      ...["-num-workers", String(workers)],
      ...(shimFlags.length === 0 ? [] : ["-shim-extra-flags", shimFlags.join(";")]),
      "-include-disabled",
      "-allow-unimplemented",
      "-pipe",
    ],
    cwd: runner.folder,
    env: { HOLDFAST_DENO: Deno.execPath(), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await followProgress(child.stdout, onProgress ?? (() => {}));
  await child.status;
  return await Deno.readTextFile(json);
}

/** What the runner says of each test; one that it did not run is missing. */
export function parseResults(json: string): ReadonlyMap<string, TestResult> {
  return new Map(Object.entries((JSON.parse(json) as ResultsFile).tests));
}

async function followProgress(
  output: ReadableStream<Uint8Array>,
  onProgress: (done: number) => void,
): Promise<void> {
  let done = 0;
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const ended = text.match(/^(?:PASSED|FAILED|UNIMPLEMENTED) \(/gm)?.length ?? 0;
    done += ended;
    if (ended > 0) onProgress(done);
  }
}
