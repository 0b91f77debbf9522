import type { Logger } from "../../shared/log.ts";
import { RestartBackoff, type RestartTiming } from "./restart_backoff.ts";
import type { WorkerProcess } from "./worker_process.ts";

export interface SlotTiming {
  /** Milliseconds from its start in which a worker must accept connections. */
  readonly start: number;
  /** Milliseconds between the reports that a worker is asked for. */
  readonly reportInterval: number;
  /** Milliseconds without an answer after which a worker counts as hung, and is killed. */
  readonly silence: number;
  readonly restart: RestartTiming;
}

export interface WorkerSlotOptions {
  readonly slot: number;
  /** Starts a worker process for this slot. */
  readonly spawn: () => WorkerProcess;
  readonly timing: SlotTiming;
  readonly log: Logger;
}

/**
 * Keeps one worker running: when it dies, the next one takes over its listening sockets and what waits in them.
 *
 * The first worker decides whether the slot works at all (`started`); from then on every end but the one asked for
 * is a crash, and is followed by a restart.
 */
export class WorkerSlot {
  readonly slot: number;
  /** Resolves when the first worker accepts connections; rejects when it cannot. */
  readonly started: Promise<void>;
  readonly #options: WorkerSlotOptions;
  readonly #backoff: RestartBackoff;
  #process: WorkerProcess;
  #isEnding = false;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
    this.slot = options.slot;
    this.#backoff = new RestartBackoff(options.timing.restart);
    this.#process = options.spawn();
    this.started = this.#startFirst();
    this.started.catch(() => {}); // whoever cares awaits it
  }

  /** The latest worker: it may be starting, or have ended. */
  get process(): WorkerProcess {
    return this.#process;
  }

  get state(): "starting" | "serving" | "restarting" | "ending" {
    if (this.#isEnding) return "ending";
    if (this.#process.hasExited) return "restarting";
    return this.#process.readyAt === undefined ? "starting" : "serving";
  }

  /** Has the worker finish what it serves within `deadline` milliseconds, and start nothing again. Resolves at its end. */
  async drain(deadline: number): Promise<void> {
    this.#end();
    const worker = this.#process;
    worker.drain(deadline);
    const timer = setTimeout(() => worker.kill(), deadline + killGrace);
    await worker.exited;
    clearTimeout(timer);
  }

  /** Ends the worker at once. */
  async kill(): Promise<void> {
    this.#end();
    this.#process.kill();
    await this.#process.exited;
  }

  #end(): void {
    this.#isEnding = true;
    clearTimeout(this.#pause);
  }

  async #startFirst(): Promise<void> {
    await this.#awaitStart(this.#process);
    this.#watch(this.#process);
  }

  /** Kills a worker that does not come up in time, so that its `started` rejects. */
  async #awaitStart(worker: WorkerProcess): Promise<void> {
    const timer = setTimeout(() => worker.kill(), this.#options.timing.start);
    try {
      await worker.started;
    } finally {
      clearTimeout(timer);
    }
  }

  async #watch(worker: WorkerProcess): Promise<void> {
    const looks = setInterval(() => this.#look(worker), this.#options.timing.reportInterval);
    const { code, signal } = await worker.exited;
    clearInterval(looks);
    if (this.#isEnding) return;
    const served = worker.readyAt === undefined ? 0 : performance.now() - worker.readyAt;
    const pause = this.#backoff.next(served);
    this.#options.log.error(
      { event: "worker-crashed", slot: this.slot, worker: worker.pid, code, signal, restartInMs: pause },
      "a worker ended on its own; its slot is started again",
    );
    this.#pause = setTimeout(() => this.#restart(), pause);
  }

  #restart(): void {
    this.#process = this.#options.spawn();
    const worker = this.#process;
    this.#watch(worker);
    this.#awaitStart(worker).then(
      () =>
        this.#options.log.info(
          { event: "worker-restarted", slot: this.slot, worker: worker.pid },
          "the slot serves again",
        ),
      (error) => {
        if (!this.#isEnding) {
          this.#options.log.error({ event: "worker-start-failed", slot: this.slot, err: error });
        }
        worker.kill();
      },
    );
  }

  async #look(worker: WorkerProcess): Promise<void> {
    const { silence } = this.#options.timing;
    const answer = await worker.report(silence);
    if (answer !== undefined || worker.hasExited || this.#isEnding) return;
    this.#options.log.error(
      { event: "worker-silent", slot: this.slot, worker: worker.pid, silentMs: silence },
      "a worker does not answer and is killed",
    );
    worker.kill();
  }
}

/** Milliseconds that a draining worker gets beyond its deadline before it is killed. */
export const killGrace = 2000;
