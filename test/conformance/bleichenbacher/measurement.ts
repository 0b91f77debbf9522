import { type CiphertextClass, ciphertextClasses } from "../../harness/rsa_ciphertexts.ts";
import type { Answer, Attacker } from "./exchange.ts";
import type { KeyServerStage } from "./key_server_stage.ts";
import { below, mean, quantile, significantT, welchT } from "./statistics.ts";

/** Microseconds of each exchange, by class: from the request to the answer, and the part after the token's answer. */
export interface Times {
  readonly whole: ReadonlyMap<CiphertextClass, number[]>;
  readonly afterToken: ReadonlyMap<CiphertextClass, number[]>;
}

/** What all exchanges showed. */
export interface Measurement {
  readonly times: Times;
  /** All different ones: of five classes, one each is one too few to tell them apart. */
  readonly replies: ReadonlySet<string>;
  readonly forms: ReadonlySet<string>;
  /** Requests that, asked again, had another answer. */
  readonly unrepeated: number;
}

export interface MeasurementOptions {
  /** Of each class. */
  readonly exchanges: number;
  /** Of each class, before those that count: until V8 has compiled all that it is going to. */
  readonly warmUp: number;
}

/** One request in this many is asked twice. */
const secondAsking = 20;

const emptySamples = () => new Map(ciphertextClasses.map((kind) => [kind, [] as number[]]));

/** Interleaved: each round has one exchange of each class, in an order of its own. */
export async function measure(
  stage: KeyServerStage,
  attacker: Attacker,
  answer: Answer,
  { exchanges, warmUp }: MeasurementOptions,
): Promise<Measurement> {
  const [whole, afterToken] = [emptySamples(), emptySamples()];
  const [replies, forms] = [new Set<string>(), new Set<string>()];
  let unrepeated = 0;
  let tail = 0;
  const timed: Answer = async (request) => {
    const given = await answer(request);
    tail = (performance.now() - stage.tokenAnswered) * 1000;
    return given;
  };
  for (let round = -warmUp; round < exchanges; round++) {
    for (const kind of shuffled(ciphertextClasses)) {
      const isAskedTwice = round % secondAsking === 0;
      // Asked twice, the time would be that of the second answer.
      const seen = await attacker.observe(kind, isAskedTwice ? answer : timed, isAskedTwice);
      replies.add(seen.reply);
      forms.add(seen.form);
      if (!seen.repeats) unrepeated++;
      if (round < 0 || isAskedTwice) continue;
      whole.get(kind)!.push(seen.whole);
      afterToken.get(kind)!.push(tail);
    }
  }
  return { times: { whole, afterToken }, replies, forms, unrepeated };
}

/** Two classes compared in one way. */
export interface Comparison {
  readonly part: keyof Times;
  /** Of all exchanges, the quickest share; 1 is all. */
  readonly share: number;
  readonly classes: readonly [CiphertextClass, CiphertextClass];
  readonly t: number;
}

/** Every two classes, in both parts of the time, with and without the slowest tenth, which are interruptions. */
export function compare(times: Times): Comparison[] {
  const comparisons: Comparison[] = [];
  for (const part of ["whole", "afterToken"] as const) {
    for (const share of [1, 0.9]) {
      const limit = share === 1 ? Infinity : quantile(share, times[part].values());
      const cut = (kind: CiphertextClass) => below(limit, times[part].get(kind)!);
      for (const [index, first] of ciphertextClasses.entries()) {
        for (const second of ciphertextClasses.slice(index + 1)) {
          comparisons.push({ part, share, classes: [first, second], t: welchT(cut(first), cut(second)) });
        }
      }
    }
  }
  return comparisons;
}

export function tellsApart({ t }: Comparison): boolean {
  return Math.abs(t) >= significantT;
}

/** The means of a class, in microseconds. */
export function means(times: Times, kind: CiphertextClass): Record<keyof Times, number> {
  return { whole: mean(times.whole.get(kind)!), afterToken: mean(times.afterToken.get(kind)!) };
}

function shuffled<T>(values: readonly T[]): T[] {
  return values.map((value) => [Math.random(), value] as const).sort(([a], [b]) => a - b).map(([, value]) =>
    value
  );
}
