import type { TestResult } from "./run_tests.ts";

type Print = (text: string) => void;

export interface Outcome {
  readonly listed: readonly string[];
  /** Name to reason. */
  readonly disabled: ReadonlyMap<string, string>;
  readonly results: ReadonlyMap<string, TestResult>;
}

/** Private key operations, counted on both sides. */
export interface OperationCounts {
  readonly asked: number;
  readonly done: number;
}

/** Tests of the whole list that have to pass, local keys or remote. */
const mustPass = 770;

/** Prints each failure and the counts by reason. */
export function printReport(
  print: Print,
  outcome: Outcome & { operations: OperationCounts | undefined },
): void {
  const { listed, disabled, operations } = outcome;
  for (const name of failures(outcome)) {
    const error = outcome.results.get(name)?.error ?? word(outcome, name);
    print(`FAILED ${name}\n  ${error.trim().replaceAll("\n", "\n  ")}\n`);
  }
  print(`\n${String(passed(outcome).length).padStart(4)} passed of ${listed.length}\n`);
  for (const [reason, count] of countBy(disabled.values())) {
    print(`${String(count).padStart(4)} disabled: ${reason}\n`);
  }
  const reasons = failures(outcome).map((name) => word(outcome, name));
  for (const [reason, count] of countBy(reasons)) print(`${String(count).padStart(4)} ${reason}\n`);
  if (operations) {
    print(`private key operations: ${operations.asked} asked, ${operations.done} by the key server\n`);
  }
}

/** Whether every test that is not disabled has passed, and enough have. */
export function verdict(
  { isWhole, operations, ...outcome }: Outcome & {
    isWhole: boolean;
    operations: OperationCounts | undefined;
  },
  print: Print,
): boolean {
  const complaints = [
    failures(outcome).length > 0 && `${failures(outcome).length} tests did not pass`,
    isWhole && passed(outcome).length < mustPass && `fewer than ${mustPass} tests passed`,
    operations && operations.asked !== operations.done &&
    "the key server counts other operations than the shims",
  ].filter((complaint) => typeof complaint === "string");
  for (const complaint of complaints) print(`${complaint}\n`);
  return complaints.length === 0;
}

/** Only a name that the runner says has passed counts: neither a skip nor a missing one hides. */
function passed({ listed, results }: Outcome): string[] {
  return listed.filter((name) => results.get(name)?.actual === "PASS");
}

function failures(outcome: Outcome): string[] {
  const { listed, disabled, results } = outcome;
  return listed.filter((name) => !disabled.has(name) && results.get(name)?.actual !== "PASS");
}

function countBy(reasons: Iterable<string>): [string, number][] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}

function word({ results }: Outcome, name: string): string {
  const words = { PASS: "passed", FAIL: "failed", SKIP: "the shim does not have a flag of it" };
  const result = results.get(name);
  return result === undefined ? "was not run" : words[result.actual];
}
