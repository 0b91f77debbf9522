import { SigningThread } from "./signing_thread.ts";

/** The threads of one token that sign, as many as the processor has cores; they start when the first key wants them. */
export class SigningThreads {
  readonly #modulePath: string;
  readonly #count: number;
  #threads: readonly SigningThread[] = [];
  #starting: Promise<void> | undefined;

  /** `sessions` of the token: one stays for what is not done in threads. */
  constructor(modulePath: string, sessions: number) {
    this.#modulePath = modulePath;
    this.#count = Math.min(navigator.hardwareConcurrency, sessions - 1);
  }

  /** Those that can sign; none before the start. */
  get running(): readonly SigningThread[] {
    return this.#threads;
  }

  /** Starts them, once. Throws TokenError. */
  start(): Promise<void> {
    return this.#starting ??= this.#start();
  }

  /** Ends each after what it is doing. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => {});
    for (const thread of this.#threads) thread.stop();
    this.#threads = [];
  }

  async #start(): Promise<void> {
    const threads = Array.from({ length: this.#count }, () => new SigningThread(this.#modulePath));
    await Promise.all(threads.map((thread) => thread.ready()));
    this.#threads = threads;
  }
}
