import { TokenError } from "./errors.ts";
import { type RingJob, ringLength, type RingOutcome, SigningRing } from "./signing_ring.ts";

/** The first and only message to signing_thread_program.ts. */
export interface SigningThreadStart {
  readonly modulePath: string;
  readonly memory: SharedArrayBuffer;
}

/** Milliseconds without an answer after which a thread counts as hanging. */
const patience = 1000;

/**
 * A thread that signs synchronously, so that what it costs to get work there and back is shared by all signatures that
 * are asked for together. A module that hangs stops this thread and nothing else.
 */
export class SigningThread {
  readonly #ring = new SigningRing();
  readonly #worker: Worker;
  readonly #answers: ((outcome: RingOutcome) => void)[] = [];
  readonly #ready: Promise<void>;
  #next = 0;
  #oldest = 0;
  #progress = 0;
  #collecting = false;

  constructor(modulePath: string) {
    this.#worker = new Worker(import.meta.resolve("./signing_thread_program.ts"), { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#worker.onmessage = () => resolve();
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new TokenError(`Cannot start a thread that signs: ${event.message}`));
    };
    this.#worker.postMessage({ modulePath, memory: this.#ring.memory } satisfies SigningThreadStart);
    this.#ready = promise;
  }

  /** Resolves once it can sign. Throws TokenError. */
  async ready(): Promise<void> {
    await this.#ready;
  }

  /** Jobs that are not answered. */
  get jobs(): number {
    return this.#answers.length;
  }

  get isFull(): boolean {
    return this.#answers.length >= ringLength;
  }

  /** Whether its first job has taken so long that nobody should wait for the next. */
  get hangs(): boolean {
    return this.#answers.length > 0 && performance.now() - this.#progress > patience;
  }

  /** Signs after what it has; it must not be full. The session is the thread's until the answer. */
  sign(job: RingJob, answer: (outcome: RingOutcome) => void): void {
    if (this.#answers.length === 0) this.#progress = performance.now();
    this.#answers.push(answer);
    this.#ring.put(this.#next, job);
    this.#next = (this.#next + 1) | 0;
    if (!this.#collecting) void this.#collect();
  }

  /** Ends it after the signature that it is making. */
  stop(): void {
    this.#ring.stop();
  }

  async #collect(): Promise<void> {
    this.#collecting = true;
    while (this.#answers.length > 0) {
      await this.#ring.whenDone(this.#oldest);
      this.#progress = performance.now();
      while (this.#answers.length > 0 && this.#ring.isDone(this.#oldest)) {
        const outcome = this.#ring.outcome(this.#oldest);
        this.#oldest = (this.#oldest + 1) | 0;
        this.#answers.shift()!(outcome);
      }
    }
    this.#collecting = false;
  }
}
