import type { FuzzSubject, FuzzTarget } from "./fuzz_target.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";

const mostSeeds = 600;
/** How many of the latest seeds get half of the attention: what is new is what leads on. */
const latest = 16;

export interface FuzzerOptions {
  /** Of the random numbers. */
  readonly seed: number;
  /** Sees each input before the target does, for a watchdog. */
  readonly beforeRun?: (input: Uint8Array) => void;
  /** The longest that one input may take, in milliseconds, over which the target hangs; a second by default. */
  readonly longestRun?: number;
}

/** What a fuzzer found. */
export interface Finding {
  readonly target: string;
  readonly kind: "crash" | "hang" | "memory growth";
  readonly input: Uint8Array;
  readonly error: unknown;
}

/** What a fuzzer did until now. */
export interface Progress {
  readonly inputs: number;
  /** Different words that the target had for what became of an input. */
  readonly outcomes: number;
  readonly seeds: number;
}

/**
 * Feeds one target with mutated inputs. There is no coverage to steer by in V8, so an input that makes the target say
 * something new becomes a seed, which comes close: each error message and each state is a word of its own.
 */
export class Fuzzer implements Disposable {
  readonly target: FuzzTarget;
  readonly #random: Random;
  readonly #subject: FuzzSubject;
  readonly #seeds: Uint8Array[];
  readonly #outcomes = new Set<string>();
  readonly #beforeRun: (input: Uint8Array) => void;
  readonly #longestRun: number;
  #inputs = 0;

  constructor(target: FuzzTarget, { seed, beforeRun = () => {}, longestRun = 1_000 }: FuzzerOptions) {
    this.target = target;
    this.#random = new Random(seed);
    this.#subject = target.open();
    this.#seeds = [...this.#subject.seeds];
    this.#beforeRun = beforeRun;
    this.#longestRun = longestRun;
  }

  get progress(): Progress {
    return { inputs: this.#inputs, outcomes: this.#outcomes.size, seeds: this.#seeds.length };
  }

  /** Runs every seed as it is. */
  runSeeds(): Finding | undefined {
    for (const seed of this.#subject.seeds) {
      const finding = this.runInput(seed);
      if (finding !== undefined) return finding;
    }
    return undefined;
  }

  /** Runs one new input. */
  step(): Finding | undefined {
    const among = this.#random.oneIn(2) ? this.#seeds : this.#seeds.slice(-latest);
    return this.runInput(this.#change(this.#random.pick(among)));
  }

  /** Runs this very input. */
  runInput(input: Uint8Array): Finding | undefined {
    this.#inputs += 1;
    this.#beforeRun(input);
    const given = input.slice();
    try {
      const [outcome, took] = this.#time(input);
      // A busy machine can make any input slow once, not three times.
      const slowAgain = () => this.#time(given.slice())[1] > this.#longestRun;
      if (took > this.#longestRun && slowAgain() && slowAgain()) {
        const error = new Error(`one input took ${Math.round(took)} ms`);
        return { target: this.target.name, kind: "hang", input: given, error };
      }
      this.#learn(outcome, given);
      return undefined;
    } catch (error) {
      return { target: this.target.name, kind: "crash", input: given, error };
    }
  }

  /** A shorter input that crashes as well, found by leaving out parts. */
  shrink(finding: Finding, attempts = 2_000): Finding {
    let best = finding;
    for (let part = finding.input.length >> 1; part > 0 && attempts > 0; part >>= 1) {
      for (let at = 0; at + part <= best.input.length && attempts > 0; attempts -= 1) {
        const shorter = Uint8Array.of(...best.input.subarray(0, at), ...best.input.subarray(at + part));
        const again = this.runInput(shorter);
        if (again?.kind === finding.kind) best = again;
        else at += part;
      }
    }
    return best;
  }

  [Symbol.dispose](): void {
    this.#subject[Symbol.dispose]?.();
  }

  #time(input: Uint8Array): [outcome: string, milliseconds: number] {
    const start = performance.now();
    const outcome = this.#subject.run(input);
    return [outcome, performance.now() - start];
  }

  #change(seed: Uint8Array): Uint8Array {
    const random = this.#random;
    const { mutate: own } = this.#subject;
    if (own === undefined || random.oneIn(2)) return mutate(seed, random, this.#seeds);
    const changed = own.call(this.#subject, seed.slice(), random);
    return random.oneIn(4) ? mutate(changed, random, this.#seeds) : changed;
  }

  #learn(outcome: string, input: Uint8Array): void {
    // Numbers in an error's words are the input's, not a new path.
    const words = outcome.replace(/\d+/g, "0");
    if (this.#outcomes.has(words)) return;
    this.#outcomes.add(words);
    if (this.#seeds.length < mostSeeds) this.#seeds.push(input);
  }
}
