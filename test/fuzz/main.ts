import { parseArgs } from "node:util";
import { allTargets } from "./all_targets.ts";
import { type CampaignResult, fuzz } from "./campaign.ts";
import { Fuzzer } from "./fuzzer.ts";
import type { FuzzTarget } from "./fuzz_target.ts";
import { Watchdog } from "./watchdog.ts";

const usage = `deno task fuzz [--for 10m] [--target NAME]... [--seed N] [--list]
deno task fuzz --target NAME --input HEX

Fuzzes every target, or those named, sharing the time between them. Exit 1 when something was found: the
input is printed in hexadecimal, and --input runs it again. --for takes s, m or h; a minute by default.`;

/** The longest turn that a target with a share of 1 gets, in milliseconds; there are as many rounds as the time allows. */
const longestTurn = 20_000;

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function fail(line: string): never {
  say(line);
  Deno.exit(2);
}

function milliseconds(text: string): number {
  const match = /^(\d+)(s|m|h)$/.exec(text) ??
    fail(`Cannot use --for ${text}: a number and s, m or h is wanted`);
  return Number(match[1]) * { s: 1_000, m: 60_000, h: 3_600_000 }[match[2] as "s" | "m" | "h"];
}

function chooseTargets(names: readonly string[]): readonly FuzzTarget[] {
  const unknown = names.find((name) => !allTargets.some((target) => target.name === name));
  if (unknown !== undefined) fail(`Cannot fuzz ${unknown}: there is no such target, --list names them`);
  return names.length === 0 ? allTargets : allTargets.filter((target) => names.includes(target.name));
}

function report({ target, progress, finding }: CampaignResult, took: number): void {
  const { inputs, outcomes, seeds } = progress;
  const rate = Math.round(inputs / took * 1_000);
  say(`${target.padEnd(40)} ${inputs} inputs, ${rate}/s, ${outcomes} outcomes, ${seeds} seeds`);
  if (finding === undefined) return;
  const { error, input, kind } = finding;
  say(`\nFOUND in ${target}: ${kind}\n${error instanceof Error ? Deno.inspect(error) : error}`);
  say(`input (${input.length} bytes): ${input.toHex()}\n`);
}

/** Runs one input again; the error comes out as it is. */
function replay(target: FuzzTarget, input: Uint8Array): number {
  using fuzzer = new Fuzzer(target, { seed: 0 });
  const finding = fuzzer.runInput(input);
  say(finding === undefined ? "nothing was found" : `${finding.kind}: ${Deno.inspect(finding.error)}`);
  return finding === undefined ? 0 : 1;
}

/**
 * Shares the time in turns, so that a long run goes over every target several times with other random numbers. What a
 * target takes to get ready is not counted.
 */
function fuzzAll(targets: readonly FuzzTarget[], total: number, seed: number): number {
  using watchdog = new Watchdog();
  const shares = targets.reduce((sum, { share = 1 }) => sum + share, 0);
  const rounds = Math.ceil(total / shares / longestTurn);
  const turn = total / shares / rounds;
  const found = new Set<string>();
  let inputs = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const target of targets.filter(({ name }) => !found.has(name))) {
      const { name, share = 1 } = target;
      watchdog.watch(name);
      const start = performance.now();
      const options = { budget: { milliseconds: turn * share }, seed: seed + round, watchMemory: true };
      const result = fuzz(target, { ...options, beforeRun: watchdog.beforeRun });
      report(result, performance.now() - start);
      inputs += result.progress.inputs;
      if (result.finding !== undefined) found.add(name);
    }
  }
  say(`\n${inputs} inputs, ${targets.length} targets, ${found.size} with findings`);
  return found.size === 0 ? 0 : 1;
}

function main(): number {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      for: { type: "string", default: "1m" },
      target: { type: "string", multiple: true, default: [] },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      input: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) say(usage);
  const targets = chooseTargets(values.target);
  if (values.list) { for (const { name, about } of targets) say(`${name.padEnd(40)} ${about}`); }
  if (values.help || values.list) return 0;
  if (values.input !== undefined) return replay(targets[0]!, Uint8Array.fromHex(values.input));
  say(`seed ${values.seed}`);
  return fuzzAll(targets, milliseconds(values.for), Number(values.seed));
}

Deno.exit(main());
