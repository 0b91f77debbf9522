/**
 * A thread that sees when the fuzzing thread hangs in one input: a loop without end cannot be seen from within. It
 * says which input it was, in hexadecimal, and ends the process.
 */
const capacity = 1 << 18;
const patience = 10_000;

interface Shared {
  /** [0] counts inputs, [1] is the length of the present one. */
  readonly counters: Int32Array;
  readonly input: Uint8Array;
  readonly target: Uint8Array;
}

function viewShared(buffer: SharedArrayBuffer): Shared {
  return {
    counters: new Int32Array(buffer, 0, 2),
    input: new Uint8Array(buffer, 8, capacity),
    target: new Uint8Array(buffer, 8 + capacity, 64),
  };
}

/** The fuzzing thread's end of it. */
export class Watchdog implements Disposable {
  readonly #shared: Shared;
  readonly #worker: Worker;

  constructor() {
    const buffer = new SharedArrayBuffer(8 + capacity + 64);
    this.#shared = viewShared(buffer);
    this.#worker = new Worker(import.meta.url, { type: "module" });
    this.#worker.postMessage(buffer);
  }

  /** Says which target comes next. */
  watch(target: string): void {
    this.#shared.target.fill(0);
    this.#shared.target.set(new TextEncoder().encode(target).subarray(0, 64));
  }

  /** Says which input comes next. */
  readonly beforeRun = (input: Uint8Array): void => {
    this.#shared.input.set(input.subarray(0, capacity));
    Atomics.store(this.#shared.counters, 1, Math.min(input.length, capacity));
    Atomics.add(this.#shared.counters, 0, 1);
  };

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function guard(buffer: SharedArrayBuffer): void {
  const { counters, input, target } = viewShared(buffer);
  let last = -1;
  setInterval(() => {
    const count = Atomics.load(counters, 0);
    if (count !== last) {
      last = count;
      return;
    }
    if (count === 0) return;
    const name = new TextDecoder().decode(target.slice()).replaceAll("\0", "");
    const bytes = input.slice(0, Atomics.load(counters, 1)).toHex();
    Deno.stderr.writeSync(
      new TextEncoder().encode(`\nhang in ${name} over ${patience} ms, input ${bytes}\n`),
    );
    Deno.kill(Deno.pid, "SIGKILL");
  }, patience);
}

const scope = globalThis as unknown as { onmessage?: (event: MessageEvent<SharedArrayBuffer>) => void };
if (typeof WorkerGlobalScope !== "undefined") scope.onmessage = ({ data }) => guard(data);

declare const WorkerGlobalScope: unknown;
