/** `holdfast doctor [--json]`: what protects secrets on this host. Exits with 0, 1 when something is off, 2 for usage. */
import { parseArgs } from "node:util";
import { hostChecks } from "./checks.ts";
import { readHostFacts } from "./host_facts.ts";
import { exitCodeOf, renderText } from "./report.ts";
import { usage } from "./usage.ts";

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  stream.writeSync(new TextEncoder().encode(text));
}

function parse(): { json: boolean; help: boolean } {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch {
    write(Deno.stderr, usage);
    Deno.exit(2);
  }
}

const { json, help } = parse();
if (help) {
  write(Deno.stdout, usage);
  Deno.exit(0);
}
const checks = hostChecks(readHostFacts());
write(Deno.stdout, json ? JSON.stringify({ checks }, undefined, 2) + "\n" : renderText(checks));
Deno.exit(exitCodeOf(checks));
