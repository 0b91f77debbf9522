import type { Logger } from "../../shared/log.ts";
import type { TcpAddress } from "../../shared/config/address.ts";
import { StoppingError } from "./errors.ts";
import type { ListeningSockets } from "./listening_sockets.ts";
import { type SlotTiming, WorkerSlot } from "./worker_slot.ts";
import { type WorkerCommand, WorkerProcess } from "./worker_process.ts";

/** One accepted configuration, as far as the supervisor acts on it. */
export interface Revision {
  readonly configFile: string;
  readonly configText: string;
  readonly addresses: readonly TcpAddress[];
  readonly workers: number;
  readonly command: WorkerCommand;
  /** Milliseconds that connections may take to end when this revision's workers are replaced or stopped. */
  readonly drainDeadline: number;
  /** Where what key servers push is kept: an absolute path; undefined: nothing is pushed. */
  readonly controlState: string | undefined;
}

/** All workers that serve one revision of the configuration. */
export class Generation {
  readonly revision: Revision;
  readonly slots: readonly WorkerSlot[];

  private constructor(revision: Revision, slots: readonly WorkerSlot[]) {
    this.revision = revision;
    this.slots = slots;
  }

  /**
   * Starts every worker; when all accept connections, this generation serves. When one cannot, and when `givenUp` aborts
   * ({@link StoppingError}), none is left behind.
   */
  static async start(
    revision: Revision,
    sockets: ListeningSockets,
    { timing, log, watch, givenUp }: {
      readonly timing: SlotTiming;
      readonly log: Logger;
      /** Told of every process that is started. */
      readonly watch: (worker: WorkerProcess) => void;
      readonly givenUp: AbortSignal;
    },
  ): Promise<Generation> {
    const { configFile, configText, addresses, workers, command } = revision;
    const spawn = (slot: number): WorkerProcess => {
      const listeners = sockets.forSlot(addresses, slot, workers);
      const worker = WorkerProcess.spawn(command, {
        type: "start",
        configFile,
        configText,
        slot,
        listeners,
      });
      watch(worker);
      return worker;
    };
    const slots = Array.from(
      { length: workers },
      (_, slot) => new WorkerSlot({ slot, spawn: () => spawn(slot), timing, log }),
    );
    const generation = new Generation(revision, slots);
    const killAll = () => generation.kill();
    givenUp.addEventListener("abort", killAll);
    try {
      await Promise.all(slots.map(({ started }) => started));
      givenUp.throwIfAborted();
    } catch (error) {
      await generation.kill();
      throw givenUp.aborted ? new StoppingError({ cause: error }) : error;
    } finally {
      givenUp.removeEventListener("abort", killAll);
    }
    return generation;
  }

  /** Resolves when no worker of it accepts connections any more. */
  async stoppedListening(): Promise<void> {
    await Promise.all(this.slots.map(({ process }) => process.stoppedListening));
  }

  async drain(deadline: number): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.drain(deadline)));
  }

  async kill(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.kill()));
  }
}
