import { HoldfastError } from "../../../shared/errors.ts";

/** What ends a command before its end: with a stable code, and which exit code. */
export class CliError extends HoldfastError {
  constructor(
    code: string,
    message: string,
    readonly exit: "failed" | "usage" | "notFound" | "notConfirmed",
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

export function usageError(message: string): CliError {
  return new CliError("usage", message, "usage");
}
