import { ApiError, UnreachableError } from "../client/api_client.ts";
import { CliError } from "./errors.ts";

/** Exit codes of the admin CLI: stable, for scripts. The help of `holdfast` commands lists them. */
export const exitCodes = {
  ok: 0,
  /** The key server could not do it, or what was checked is not well. */
  failed: 1,
  /** A command line, or a request, that cannot be read. */
  usage: 2,
  /** Not an administrator, or not of the role; or another key server takes it. */
  refused: 3,
  notFound: 4,
  /** The state of things forbids it, or somebody else was quicker. */
  conflict: 5,
  /** No key server answers, or the connection was lost before its answer. */
  unreachable: 6,
  /** It cannot be undone, and was not confirmed. */
  notConfirmed: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What an error ends the command with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return exitCodes[error.exit];
  if (error instanceof UnreachableError) return exitCodes.unreachable;
  return error instanceof ApiError ? exitCodeOfStatus(error.problem.status) : exitCodes.failed;
}

function exitCodeOfStatus(status: number): ExitCode {
  switch (status) {
    case 400:
    case 413:
      return exitCodes.usage;
    case 403:
    case 421:
      return exitCodes.refused;
    case 404:
      return exitCodes.notFound;
    case 409:
      return exitCodes.conflict;
    default:
      return exitCodes.failed;
  }
}

export const exitCodesHelp = `Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 not found, 5 conflict,
6 no key server answers, 7 not confirmed.`;
