/** The edge: `--config F` starts the supervisor, which starts the workers; `--check` validates and exits. */
import { resolve } from "node:path";
import { processArgumentsOrExit } from "../shared/config/arguments.ts";
import { HoldfastError } from "../shared/errors.ts";
import { stapleWarnings } from "./certificates/ocsp_staples.ts";
import { checkIdentity, loadEdgeConfig } from "./config.ts";
import { heldCertificates } from "./control/held_certificates.ts";
import { checkKeyFiles } from "./ticket_keys/files/check_key_files.ts";
import { superviseEdge } from "./supervisor/supervise_edge.ts";

const { config, check } = processArgumentsOrExit(
  "edge",
  "Terminates TLS for clients; holds no private key of theirs.",
);
const configFile = resolve(config);
try {
  if (check) {
    const loaded = await loadEdgeConfig(configFile);
    await checkIdentity(configFile, loaded);
    if (loaded.tickets?.keys.source === "files") checkKeyFiles(loaded.tickets.keys);
    const held = await heldCertificates(loaded);
    for (const warning of stapleWarnings(loaded.staples)) {
      Deno.stderr.writeSync(new TextEncoder().encode(`Warning: ${warning}\n`));
    }
    const lines = [`${config} is a valid edge configuration`, ...held];
    Deno.stdout.writeSync(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  } else {
    await superviseEdge(configFile);
  }
  Deno.exit(0);
} catch (error) {
  if (!(error instanceof HoldfastError)) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
  Deno.exit(1);
}
