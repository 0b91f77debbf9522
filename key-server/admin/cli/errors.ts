import { HoldfastError } from "../../../shared/errors.ts";
import { type ExitCode, exitCodes } from "./exit_codes.ts";

/** What ends a command before its end. The code is stable, and so is the exit code. */
export class CliError extends HoldfastError {
  constructor(code: string, message: string, readonly exitCode: ExitCode, options?: ErrorOptions) {
    super(code, message, options);
  }
}

export function usageError(message: string): CliError {
  return new CliError("usage", message, exitCodes.usage);
}
