import type { HoldfastError } from "../../shared/errors.ts";

type Family = abstract new (...parameters: never[]) => HoldfastError;

/**
 * Runs something on a stranger's bytes: its words when it went well, the error's when it was refused by an error of
 * one of the families. Any other error goes through: it is a defect.
 */
export function outcomeOf(act: () => string, ...families: readonly Family[]): string {
  try {
    return act();
  } catch (error) {
    const refusal = families.some((family) => error instanceof family) ? error as HoldfastError : undefined;
    if (refusal === undefined) throw error;
    const cause = refusal.cause instanceof Error ? `, because ${refusal.cause.message}` : "";
    return `refused: ${refusal.code} ${refusal.message}${cause}`;
  }
}
