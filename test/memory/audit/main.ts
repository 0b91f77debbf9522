import { parseArgs } from "node:util";
import { audit } from "./audit.ts";

const usage = `deno task audit:memory [--backing mlock|secretmem]... [--gcore]

Drives TLS sessions of every version, suite and group through a live edge, with clients that know every secret, and
searches the memories and cores of edge and key server for them. Needs root, softhsm2, openssl and gdb. Exit 1 when a
secret stands where it must not, or when a planted copy is missed. --gcore takes the cores by gcore itself, which
writes 18 GB for each.`;

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    backing: { type: "string", multiple: true, default: ["mlock", "secretmem"] },
    gcore: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  say(usage);
  Deno.exit(0);
}
if (Deno.uid() !== 0) {
  say("Cannot audit: only root may read the memories of processes that protect theirs");
  Deno.exit(2);
}
let wrong = 0;
for (const backing of values.backing) {
  if (backing !== "mlock" && backing !== "secretmem") {
    say(`Cannot audit the backing ${backing}\n\n${usage}`);
    Deno.exit(2);
  }
  say(`--- ${backing}`);
  const core = values.gcore ? "gcore" : "touched pages";
  wrong += (await audit({ backing, extent: "everything", core, say })).length;
}
say(wrong === 0 ? "\nno secret outside locked memory" : `\n${wrong} findings`);
Deno.exit(wrong === 0 ? 0 : 1);
