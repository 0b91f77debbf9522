/** `holdfast status|keys|certs|names|rotate|…`: the admin CLI. Exit codes are in `exit_codes.ts`. */
import { CommanderError } from "commander";
import { HoldfastError } from "../../../shared/errors.ts";
import { ApiError } from "../client/api_client.ts";
import { exitCodeOf, exitCodes } from "./exit_codes.ts";
import { adminProgram } from "./program.ts";
import { accent, complain } from "./terminal.ts";

/** Errors for people are a line, and for programs (--json) the problem itself. */
function tell(error: HoldfastError): void {
  if (!Deno.args.includes("--json")) {
    return complain(`${accent("red", "holdfast:", Deno.stderr)} ${error.message}`);
  }
  const problem = error instanceof ApiError ? error.problem : { code: error.code, detail: error.message };
  complain(JSON.stringify(problem));
}

try {
  await adminProgram().parseAsync(Deno.args, { from: "user" });
} catch (error) {
  if (error instanceof CommanderError) {
    Deno.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage);
  }
  if (!(error instanceof HoldfastError)) throw error;
  tell(error);
  Deno.exit(exitCodeOf(error));
}
