import type { TlsError } from "../../../../shared/tls_messages/errors.ts";

/** The connection did not go as the flags say: told to the runner on stderr, with the exit code 1. */
export class ShimFailure extends Error {}

/** Something that no test may count as the failure it waits for, such as a leak: a code that always fails. */
export class ShimBroken extends Error {}

/**
 * The engine gave up. The runner looks for BoringSSL's name of the mistake, between colons; when the application made
 * the engine give up, the name is the application's.
 */
export function tlsFailure(error: TlsError, refusal?: string): ShimFailure {
  const cause = error.cause instanceof Error ? `\n${error.cause.stack}` : "";
  return new ShimFailure(`TLS failed: :${refusal ?? error.reason}: ${error.message}${cause}`);
}

/** A property of the connection is not the one that a flag expects. */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new ShimFailure(`${what} is ${actual}, expected ${expected}`);
}
