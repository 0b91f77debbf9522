import type { Random } from "./random.ts";

/** Something that takes bytes from a stranger. */
export interface FuzzTarget {
  /** Kebab-case; what `--target` names. */
  readonly name: string;
  /** One line for `--list`. */
  readonly about: string;
  /** How much of the time it gets, 1 being what a simple decoder gets. */
  readonly share?: number;
  /** Makes it ready: seeds, pools, keys. */
  open(): FuzzSubject;
}

/** A target that is ready. One with something to give back is Disposable. */
export interface FuzzSubject extends Partial<Disposable> {
  /** Inputs to start from; at least one. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Takes one input and says in a few words what became of it: an input with new words becomes a seed. Throws only
   * for a defect: an error that is not of the expected family, a broken promise, a leak.
   */
  run(input: Uint8Array): string;
  /** A change that knows the input's form; tried for half of the inputs. */
  mutate?(input: Uint8Array, random: Random): Uint8Array;
}

/** A promise that the target did not keep. */
export class Defect extends Error {
  override readonly name = "Defect";
}

/** Throws a Defect unless `kept`. */
export function promise(kept: boolean, what: string): asserts kept {
  if (!kept) throw new Defect(`The target broke its promise: ${what}`);
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
