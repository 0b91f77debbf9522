/**
 * Runs BoringSSL's server tests against the TLS engine: `deno task conformance:bogo`.
 *
 * The runner is not part of this repository. It is taken from BOGO_RUNNER (the built binary), or built out of
 * BORINGSSL_DIR (a checkout of google/boringssl; Go is needed then).
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import { findRunner } from "./runner/find_runner.ts";
import { disabledTests, listedTests, selectTests } from "./runner/test_list.ts";
import { RemoteKeyServer } from "./runner/remote_key_server.ts";
import { printReport, verdict } from "./runner/report.ts";
import { execute, parseResults } from "./runner/run_tests.ts";
import { collectRunnerKeys } from "./runner/runner_keys.ts";
import { WarmShim } from "./runner/warm_shim.ts";

const help = `Usage: deno task conformance:bogo [OPTION ...]

  --remote-key      every private key operation through a key server (own process, mutual TLS, SoftHSM)
  --filter GLOB     only the listed tests that match (may be given several times)
  --json FILE       write the runner's results there
  --warm            one warm process for all tests, not a fresh one each: for the inner loop, gates nothing
  --disabled        run the disabled tests too
  --workers N       tests at a time (default: the number of cores)

BOGO_RUNNER names the runner's binary; or BORINGSSL_DIR a checkout of google/boringssl to build it from.
`;

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    "remote-key": { type: "boolean", default: false },
    filter: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    warm: { type: "boolean", default: false },
    disabled: { type: "boolean", default: false },
    workers: { type: "string", default: String(navigator.hardwareConcurrency) },
    help: { type: "boolean", default: false },
  },
});

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

async function main(): Promise<number> {
  if (options.help) {
    print(help);
    return 0;
  }
  await using folder = await TemporaryFolder.create();
  const runner = await findRunner(folder.path);
  const listed = selectTests(await listedTests(), options.filter);
  const disabled = options.disabled ? new Map<string, string>() : await disabledTests(listed);
  const tests = listed.filter((name) => !disabled.has(name));
  await using keyServer = options["remote-key"]
    ? await RemoteKeyServer.start(folder.path, await collectRunnerKeys(runner, tests, folder.path))
    : undefined;
  await using warm = options.warm ? await WarmShim.start(folder.path) : undefined;
  const json = await execute({
    runner,
    tests,
    folder: folder.path,
    workers: Number(options.workers),
    shim: warm?.program ?? fileURLToPath(new URL("shim/shim.sh", import.meta.url)),
    shimFlags: keyServer?.shimFlags ?? [],
    onProgress: (done) => done % 100 === 0 && print(`${done} of ${tests.length}\n`),
  });
  if (options.json !== undefined) await Deno.writeTextFile(options.json, json);
  const results = parseResults(json);
  const outcome = { listed, disabled, results, operations: await keyServer?.operations() };
  printReport(print, outcome);
  return verdict({ ...outcome, isWhole: options.filter.length === 0 }, print) ? 0 : 1;
}

Deno.exit(await main());
