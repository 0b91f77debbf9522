/**
 * `holdfast doctor --config FILE | --token URI`: what protects secrets on this host, and what tokens can and cannot do.
 * Exits with 0, 1 when something is off or the configuration cannot be read, 2 for usage.
 */
import { parseArgs } from "node:util";
import { refuseSecrets, UsageError } from "../../shared/config/arguments.ts";
import { hostChecks } from "../../shared/doctor/checks.ts";
import { readHostFacts } from "../../shared/doctor/host_facts.ts";
import { exitCodeOf, renderText } from "../../shared/doctor/report.ts";
import { usage } from "../../shared/doctor/usage.ts";
import { HoldfastError } from "../../shared/errors.ts";
import { examineConfigured, examineNamed } from "./examine.ts";
import type { TokenReport } from "./token_report.ts";

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
}

function fail(message: string, code: number): never {
  write(Deno.stderr, message);
  Deno.exit(code);
}

function parse() {
  try {
    refuseSecrets(Deno.args.map((argument) => argument.replace(/^--pin-source(=|$)/, "--source$1")));
    return parseArgs({
      options: {
        config: { type: "string" },
        token: { type: "string" },
        "pin-source": { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
      args: Deno.args,
    }).values;
  } catch (error) {
    fail(error instanceof UsageError ? `${error.message}\n` : usage, 2);
  }
}

async function examine(
  { config, token, "pin-source": pinSource }: ReturnType<typeof parse>,
): Promise<TokenReport[]> {
  try {
    return [
      ...config === undefined ? [] : await examineConfigured(config),
      ...token === undefined ? [] : await examineNamed(token, pinSource),
    ];
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    fail(`${error.message}\n`, error.code === "pkcs11-uri" ? 2 : 1);
  }
}

const options = parse();
if (options.help) {
  write(Deno.stdout, usage);
  Deno.exit(0);
}
const isPlaceless = options.config === undefined && options.token === undefined;
if (isPlaceless || options.token === undefined && options["pin-source"] !== undefined) fail(usage, 2);
const checks = hostChecks(readHostFacts());
const tokens = await examine(options);
const sections = [renderText(checks), ...tokens.map(({ uri, checks }) => `\n${uri}\n${renderText(checks)}`)];
write(
  Deno.stdout,
  options.json ? JSON.stringify({ checks, tokens }, undefined, 2) + "\n" : sections.join(""),
);
Deno.exit(exitCodeOf([...checks, ...tokens.flatMap(({ checks }) => checks)]));
