/** The shim as BoringSSL's runner starts it, once for each test. */
import { runShim } from "./shim.ts";

const { code, stdout, stderr } = await runShim(Deno.args);
const encoder = new TextEncoder();
if (stdout !== "") Deno.stdout.writeSync(encoder.encode(stdout));
if (stderr !== "") Deno.stderr.writeSync(encoder.encode(stderr));
Deno.exit(code);
