import { join } from "node:path";
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
  readonly shimFlags: readonly string[];
  /** Where the runner's results are kept as well. */
  readonly jsonFile: string | undefined;
  readonly print: (text: string) => void;
}

/** The runner's word on one test. */
export interface TestResult {
  readonly actual: "PASS" | "FAIL" | "SKIP";
  readonly error?: string;
}

/** Runs the tests and returns what the runner wrote of each; a test that it did not run is missing. */
export async function runTests(options: RunOptions): Promise<ReadonlyMap<string, TestResult>> {
  const { runner, tests, folder, workers, shim, shimFlags, jsonFile, print } = options;
  const json = join(folder, "results.json");
  const child = new Deno.Command(runner.program, {
    args: [
      ...["-test", tests.join(";")],
      ...["-shim-path", shim],
      ...["-shim-config", configFile.pathname],
      ...["-json-output", json],
      ...["-num-workers", String(workers)],
      ...(shimFlags.length === 0 ? [] : ["-shim-extra-flags", shimFlags.join(";")]),
      "-include-disabled",
      "-allow-unimplemented",
      "-pipe",
    ],
    cwd: runner.folder,
    env: { HOLDFAST_DENO: Deno.execPath() },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await showProgress(child.stdout, tests.length, print);
  await child.status;
  const { tests: results } = JSON.parse(await Deno.readTextFile(json));
  if (jsonFile !== undefined) await Deno.copyFile(json, jsonFile);
  return new Map(Object.entries(results as Record<string, TestResult>));
}

async function showProgress(
  output: ReadableStream<Uint8Array>,
  total: number,
  print: (text: string) => void,
): Promise<void> {
  let done = 0;
  let shown = 0;
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    done += text.match(/^(?:PASSED|FAILED|UNIMPLEMENTED) \(/gm)?.length ?? 0;
    if (done - shown < 100) continue;
    shown = done;
    print(`${done} of ${total}\n`);
  }
}
