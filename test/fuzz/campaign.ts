import type { FuzzTarget } from "./fuzz_target.ts";
import { type Finding, Fuzzer, type FuzzerOptions, type Progress } from "./fuzzer.ts";
import { growth, memoryHeld } from "./memory.ts";

/** How many mutated inputs there will be; the seeds come first and are not counted. */
export type Budget = { readonly milliseconds: number } | { readonly inputs: number };

export interface CampaignOptions extends FuzzerOptions {
  readonly budget: Budget;
  /** Whether to look at memory; takes a garbage collection before and after. */
  readonly watchMemory?: boolean;
}

export interface CampaignResult {
  readonly target: string;
  readonly progress: Progress;
  readonly finding?: Finding;
}

/** Share of the budget after which memory is expected to stay as it is. */
const warmUpShare = 0.25;

/** Fuzzes one target for a while; ends at the first finding. */
export function fuzz(target: FuzzTarget, options: CampaignOptions): CampaignResult {
  using fuzzer = new Fuzzer(target, options);
  const finding = fuzzer.runSeeds() ?? runFor(fuzzer, options);
  const result = { target: target.name, progress: fuzzer.progress };
  if (finding === undefined) return result;
  return { ...result, finding: finding.kind === "crash" ? fuzzer.shrink(finding) : finding };
}

function runFor(fuzzer: Fuzzer, { budget, watchMemory = false }: CampaignOptions): Finding | undefined {
  const warm = spend(fuzzer, budget, warmUpShare);
  if (warm !== undefined) return warm;
  const before = watchMemory ? memoryHeld() : undefined;
  const finding = spend(fuzzer, budget, 1 - warmUpShare);
  if (finding !== undefined || before === undefined) return finding;
  const words = growth(before, memoryHeld());
  if (words === undefined) return undefined;
  return {
    target: fuzzer.target.name,
    kind: "memory growth",
    input: new Uint8Array(0),
    error: new Error(words),
  };
}

/** Runs mutated inputs for a share of the budget. */
function spend(fuzzer: Fuzzer, budget: Budget, share: number): Finding | undefined {
  const end = "milliseconds" in budget ? performance.now() + budget.milliseconds * share : Infinity;
  const last = "inputs" in budget ? fuzzer.progress.inputs + budget.inputs * share : Infinity;
  while (performance.now() < end && fuzzer.progress.inputs < last) {
    const finding = fuzzer.step();
    if (finding !== undefined) return finding;
  }
  return undefined;
}
