import { Buffer } from "node:buffer";
import pkcs11js, { type Handle, type Mechanism, type RsaPSS } from "pkcs11js";
import type { SigningCost } from "./signing_cost.ts";
import type { TokenInput } from "./signing_methods.ts";

/** Signatures that a ring holds at most; a power of two. */
export const ringLength = 128;

/** RSA-8192's signature; inputs are shorter. */
const bufferLength = 1024;
const handleLength = 8;

// The control words, each an Int32.
const put = 0;
const done = 1;
const stop = 2;
const controlLength = 64;

// The words of a place: mechanism, kind of parameter, its three numbers; lengths; what came of it.
const mechanismWord = 0;
const parameterWord = 1;
const inputLengthWord = 5;
const timedWord = 6;
const outputLengthWord = 7;
const failedWord = 8;
const wallWord = 9;
const cpuWord = 10;
const wordsLength = 48;
const placeLength = wordsLength + 2 * handleLength + 2 * bufferLength;

/** What a thread is to do: C_SignInit and C_Sign. */
export interface RingJob {
  readonly session: Handle;
  readonly key: Handle;
  readonly input: TokenInput;
  /** Whether to measure what it costs. */
  readonly timed: boolean;
}

/** What came of it: the signature, or, of a failure, the addon's words for it. */
export interface RingOutcome {
  readonly failed: boolean;
  readonly output: Uint8Array;
  /** Of a timed one. */
  readonly cost: SigningCost;
}

/** Views onto one place of the ring. */
interface Place {
  readonly words: Uint32Array;
  readonly session: Uint8Array;
  readonly key: Uint8Array;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/**
 * Memory shared by two threads: one puts jobs, the other does them in their order. Jobs are numbered from 0, modulo
 * 2^32, as `Int32`s are.
 */
export class SigningRing {
  readonly memory: SharedArrayBuffer;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #places: readonly Place[];

  constructor(memory = new SharedArrayBuffer(controlLength + ringLength * placeLength)) {
    this.memory = memory;
    this.#control = new Int32Array(memory, 0, controlLength / 4);
    this.#places = Array.from(
      { length: ringLength },
      (_, index) => placeAt(memory, controlLength + index * placeLength),
    );
  }

  /** Puts a job in its place, which must be free, and wakes the other thread. Throws RangeError for an overlong input. */
  put(number: number, { session, key, input: { mechanism, data }, timed }: RingJob): void {
    const place = this.#place(number);
    place.input.set(data);
    place.session.set(session);
    place.key.set(key);
    writeMechanism(place.words, mechanism);
    place.words[inputLengthWord] = data.length;
    place.words[timedWord] = timed ? 1 : 0;
    Atomics.store(this.#control, put, number + 1 | 0);
    Atomics.notify(this.#control, put);
  }

  /** Waits, without a standstill of this thread, until it is told that job `number` is done. */
  async whenDone(number: number): Promise<void> {
    for (let seen = this.#done(); (seen - number | 0) <= 0; seen = this.#done()) {
      await Atomics.waitAsync(this.#control, done, seen).value;
    }
  }

  isDone(number: number): boolean {
    return (this.#done() - number | 0) > 0;
  }

  /** Of a job that is done; its place is free afterwards. */
  outcome(number: number): RingOutcome {
    const { words, output } = this.#place(number);
    return {
      failed: words[failedWord] !== 0,
      output: new Uint8Array(output.subarray(0, words[outputLengthWord])),
      cost: { wall: words[wallWord]!, cpu: words[cpuWord]! },
    };
  }

  /** Ends the other thread after what it is doing. */
  stop(): void {
    Atomics.store(this.#control, stop, 1);
    Atomics.notify(this.#control, put);
  }

  /** For the other thread: stands still until job `number` is there; false when it is to end. */
  await(number: number): boolean {
    while (Atomics.load(this.#control, stop) === 0) {
      if (this.putAfter(number - 1 | 0) > 0) return true;
      // The time-out is for a stop that comes between the look and the wait.
      Atomics.wait(this.#control, put, number, 1000);
    }
    return false;
  }

  /** How many jobs have been put that come after `number`. */
  putAfter(number: number): number {
    return Atomics.load(this.#control, put) - number - 1 | 0;
  }

  /** For the other thread: job `number`, in `scratch`, since native code takes no shared memory. */
  job(number: number, scratch: RingScratch): RingJob {
    const { words, session, key, input } = this.#place(number);
    scratch.session.set(session);
    scratch.key.set(key);
    const length = words[inputLengthWord]!;
    scratch.input.set(input.subarray(0, length));
    return {
      session: scratch.session,
      key: scratch.key,
      input: { mechanism: readMechanism(words), data: scratch.input.subarray(0, length) },
      timed: words[timedWord] !== 0,
    };
  }

  /** For the other thread: the outcome of job `number`, which `tell` makes known. */
  finish(number: number, { failed, output, cost }: RingOutcome): void {
    const place = this.#place(number);
    const kept = output.subarray(0, bufferLength);
    place.output.set(kept);
    place.words[failedWord] = failed ? 1 : 0;
    place.words[outputLengthWord] = kept.length;
    place.words[wallWord] = cost.wall;
    place.words[cpuWord] = cost.cpu;
    Atomics.store(this.#control, done, number + 1 | 0);
  }

  /** For the other thread: wakes who waits in `whenDone`. */
  tell(): void {
    Atomics.notify(this.#control, done);
  }

  #done(): number {
    return Atomics.load(this.#control, done);
  }

  #place(number: number): Place {
    return this.#places[number & (ringLength - 1)]!;
  }
}

/** What native code reads and writes for one job at a time. */
export class RingScratch {
  readonly session = Buffer.alloc(handleLength);
  readonly key = Buffer.alloc(handleLength);
  readonly input = Buffer.alloc(bufferLength);
  readonly output = Buffer.alloc(bufferLength);
}

function placeAt(memory: SharedArrayBuffer, start: number): Place {
  let offset = start + wordsLength;
  const bytes = (length: number) => new Uint8Array(memory, (offset += length) - length, length);
  return {
    words: new Uint32Array(memory, start, wordsLength / 4),
    session: bytes(handleLength),
    key: bytes(handleLength),
    input: bytes(bufferLength),
    output: bytes(bufferLength),
  };
}

function writeMechanism(words: Uint32Array, { mechanism, parameter }: Mechanism): void {
  words[mechanismWord] = mechanism;
  const pss = parameter as RsaPSS | undefined;
  words[parameterWord] = pss?.type ?? 0;
  if (pss === undefined) return;
  words[parameterWord + 1] = pss.hashAlg;
  words[parameterWord + 2] = pss.mgf;
  words[parameterWord + 3] = pss.saltLen;
}

function readMechanism(words: Uint32Array): Mechanism {
  const mechanism = words[mechanismWord]!;
  const type = words[parameterWord]!;
  if (type !== pkcs11js.CK_PARAMS_RSA_PSS) return { mechanism };
  const [hashAlg, mgf, saltLen] = words.subarray(parameterWord + 1) as unknown as [number, number, number];
  const parameter: RsaPSS = { type, hashAlg, mgf, saltLen };
  return { mechanism, parameter };
}
