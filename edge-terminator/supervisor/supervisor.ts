import type { Logger } from "../../shared/log.ts";
import { formatAddress, type TcpAddress } from "../../shared/config/address.ts";
import type { Readiness } from "../../shared/admin_port.ts";
import { ControlDesk } from "./control_desk.ts";
import { ControlFolderError } from "./errors.ts";
import { Generation, type Revision } from "./generation.ts";
import { ListeningSockets } from "./listening_sockets.ts";
import { readinessOf } from "./readiness.ts";
import { defaultRestartTiming } from "./restart_backoff.ts";
import { WorkerMetrics } from "./worker_metrics.ts";
import { SiblingSwitchboard } from "./sibling_switchboard.ts";
import type { WorkerProcess } from "./worker_process.ts";
import { killGrace, type SlotTiming } from "./worker_slot.ts";

const defaultSlotTiming: SlotTiming = {
  start: 30_000,
  reportInterval: 2000,
  silence: 30_000,
  restart: defaultRestartTiming,
};

/** Milliseconds that a scrape or a readiness check waits for a worker's answer. */
const reportDeadline = 1000;

/**
 * Owns the listening sockets and the workers; holds no secret and sees no application byte.
 *
 * `start` once, then `reload` as often as wanted, then `stop` once.
 */
export class Supervisor {
  readonly #sockets = new ListeningSockets();
  readonly #metrics = new WorkerMetrics();
  readonly #siblings = new SiblingSwitchboard();
  readonly #processes = new Set<WorkerProcess>();
  readonly #draining = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #log: Logger;
  readonly #timing: SlotTiming;
  #current: Generation | undefined;
  #control: ControlDesk | undefined;
  #starting: Promise<Generation> | undefined;

  constructor(log: Logger, timing: SlotTiming = defaultSlotTiming) {
    this.#log = log;
    this.#timing = timing;
  }

  /** Where the edge listens, with real ports. */
  get addresses(): TcpAddress[] {
    return this.#sockets.addresses;
  }

  /** Every worker process that has not ended, the draining ones too. */
  get workers(): readonly WorkerProcess[] {
    return [...this.#processes];
  }

  /**
   * Listens and starts the workers; throws, with nothing left behind, when one of them cannot start, and StoppingError when
   * `stop` is called meanwhile.
   */
  async start(revision: Revision): Promise<void> {
    try {
      this.#sockets.open(revision.addresses, revision.workers);
      await this.#openControl(revision);
      this.#current = await this.#startGeneration(revision);
    } catch (error) {
      this.#sockets[Symbol.dispose]();
      throw error;
    }
    this.#log.info(
      {
        event: "edge-serves",
        addresses: this.addresses.map(formatAddress),
        workers: this.#current.slots.map(({ process }) => process.pid),
      },
      "the edge accepts connections",
    );
  }

  /**
   * Starts workers for `revision`; once all of them accept connections, the old ones drain. Connections waiting in the
   * listening sockets meanwhile are accepted by either. Throws, and changes nothing, when a new worker cannot start.
   */
  async reload(revision: Revision): Promise<void> {
    const old = this.#current;
    if (old === undefined) return;
    try {
      this.#sockets.open(revision.addresses, revision.workers);
      await this.#openControl(revision);
      this.#current = await this.#startGeneration(revision);
    } catch (error) {
      this.#sockets.closeAllBut(old.revision.addresses);
      throw error;
    }
    this.#drain(old, old.revision.drainDeadline);
    await old.stoppedListening();
    this.#sockets.closeAllBut(revision.addresses);
  }

  /**
   * Stops accepting, lets connections end within the deadline, ends every worker. Workers that are being started are
   * ended at once.
   */
  async stop(deadline = this.#current?.revision.drainDeadline ?? 0): Promise<void> {
    const last = this.#current;
    this.#current = undefined;
    this.#stopping.abort();
    if (last !== undefined) this.#drain(last, deadline);
    this.#sockets[Symbol.dispose]();
    const timer = setTimeout(() => this.kill(), deadline + killGrace);
    await Promise.allSettled([this.#starting, ...this.#draining]);
    clearTimeout(timer);
    await this.#control?.close();
  }

  /** Ends every worker at once. */
  kill(): void {
    for (const worker of this.#processes) worker.kill();
  }

  /** The edge is ready while every slot has a worker that serves and reaches a key server. */
  async readiness(): Promise<Readiness> {
    const slots = this.#current?.slots ?? [];
    return readinessOf(
      await Promise.all(slots.map(async ({ slot, state, process }) => ({
        slot,
        state,
        pid: process.pid,
        report: await process.report(reportDeadline),
      }))),
      this.#control?.status,
    );
  }

  /** Prometheus' text format, for all workers together. */
  async metrics(): Promise<string> {
    await Promise.all(this.workers.map((worker) => worker.report(reportDeadline)));
    return await this.#metrics.exposition(this.workers.map(({ lastReport }) => lastReport?.metrics ?? []));
  }

  /** The state's folder is opened once: two documents at a time would be two truths. Throws what keeps it from being used. */
  async #openControl({ controlState }: Revision): Promise<void> {
    if (controlState === undefined) return;
    this.#control ??= await ControlDesk.open(controlState, this.#log);
    if (this.#control.state !== controlState) throw new ControlFolderError(this.#control.state);
    this.#control.forgetRevocation();
  }

  async #startGeneration(revision: Revision): Promise<Generation> {
    const watch = (worker: WorkerProcess) => {
      this.#processes.add(worker);
      this.#siblings.add(worker);
      if (revision.controlState !== undefined) this.#control?.add(worker);
      worker.exited.then(() => {
        // Both at once: a scrape counts it among the living or among the ended.
        this.#processes.delete(worker);
        this.#metrics.retire(worker.lastReport?.metrics ?? []);
      });
    };
    const givenUp = this.#stopping.signal;
    const options = { timing: this.#timing, log: this.#log, watch, givenUp };
    this.#starting = Generation.start(revision, this.#sockets, options);
    return await this.#starting;
  }

  #drain(generation: Generation, deadline: number): void {
    const drained = generation.drain(deadline);
    this.#draining.add(drained);
    drained.then(() => this.#draining.delete(drained));
  }
}
