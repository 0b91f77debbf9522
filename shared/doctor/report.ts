/** What a host does about one danger. */
export type CheckState = "on" | "off" | "impossible";

export interface Check {
  /** Stable, kebab-case. */
  readonly name: string;
  readonly state: CheckState;
  /** What was seen. */
  readonly detail: string;
  /** What to do about a state that is not "on"; absent where there is nothing to do. */
  readonly mend?: string;
}

/** Exit code: 0 when all is on or cannot be had, 1 when something is off. */
export function exitCodeOf(checks: readonly Check[]): number {
  return checks.some(({ state }) => state === "off") ? 1 : 0;
}

/** A line a check, and under it the mend. */
export function renderText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, detail, mend }) => [
    `${state.padEnd(10)}  ${name.padEnd(width)}  ${detail}`,
    ...mend === undefined ? [] : [`${" ".repeat(14 + width)}-> ${mend}`],
  ]);
  return lines.join("\n") + "\n";
}
