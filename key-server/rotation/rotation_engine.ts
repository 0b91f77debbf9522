import type { RotationEntity } from "../registry/entities/rotation.ts";
import { isUnderWay } from "../registry/rules/rotation_rules.ts";
import { recordAdvance, recordProblem } from "./record_step.ts";
import type { RotationParts, StepOutcome } from "./step.ts";
import { steps } from "./steps/all_steps.ts";

/** Milliseconds until a step that failed is tried again: the first time, and at most. */
const firstRetry = 1000;
const longestRetry = 300_000;

/** A rotation that this process works on. */
interface Work {
  readonly done: Promise<void>;
  /** Something happened while it worked: look again. */
  again: boolean;
  abort: AbortController;
}

/** When and how often a failing step is tried. */
interface Retry {
  readonly failures: number;
  readonly notBefore: number;
}

/**
 * Takes rotations from step to step, as the registry has them: after a restart it goes on where the former process was. It works
 * on each rotation one step at a time, on different ones at once.
 */
export class RotationEngine implements AsyncDisposable {
  readonly #parts: RotationParts;
  readonly #working = new Map<string, Work>();
  readonly #retries = new Map<string, Retry>();
  readonly #timers = new Map<string, Disposable>();
  readonly #watches = new DisposableStack();
  #stopped = false;

  constructor(parts: RotationParts) {
    this.#parts = parts;
    const look = () => this.#lookAtAll();
    this.#watches.use(parts.registry.watch(look));
    this.#watches.use(parts.rollout.watch(look));
    look();
  }

  /** Somebody has changed what a rotation is to do: what it was doing is given up, and nothing waits for a retry. */
  redirected(id: string): void {
    this.#retries.delete(id);
    this.#working.get(id)?.abort.abort(new DOMException("the rotation was redirected", "AbortError"));
    this.#look(id);
  }

  /** Ends what is being done; the steps are run again at the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#watches.dispose();
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    const working = [...this.#working.values()];
    for (const { abort } of working) abort.abort(new DOMException("the key server stops", "AbortError"));
    await Promise.all(working.map(({ done }) => done));
  }

  #lookAtAll(): void {
    if (!this.#parts.registry.writable) return;
    for (const rotation of this.#parts.registry.state.list("rotation")) {
      if (isUnderWay(rotation)) this.#look(rotation.id);
    }
  }

  #look(id: string): void {
    if (this.#stopped) return;
    const working = this.#working.get(id);
    if (working !== undefined) {
      working.again = true;
      return;
    }
    if (this.#mustWait(id)) return;
    // Begun in a turn of its own: `look` is called while a commit tells its listeners.
    const work: Work = {
      done: Promise.resolve().then(() => this.#work(id, work)).finally(() => this.#worked(id, work)),
      again: false,
      abort: new AbortController(),
    };
    this.#working.set(id, work);
  }

  #worked(id: string, work: Work): void {
    this.#working.delete(id);
    if (work.again) this.#look(id);
  }

  #mustWait(id: string): boolean {
    return this.#parts.clock.now().getTime() < (this.#retries.get(id)?.notBefore ?? 0);
  }

  async #work(id: string, work: Work): Promise<void> {
    do {
      work.again = false;
      if (work.abort.signal.aborted) work.abort = new AbortController();
      const rotation = this.#parts.registry.state.get("rotation", id);
      const step = rotation && steps[rotation.step];
      if (this.#stopped || rotation === undefined || step === undefined || this.#mustWait(id)) return;
      try {
        const outcome = await step(rotation, this.#parts, work.abort.signal);
        this.#take(rotation, outcome, work);
      } catch (error) {
        if (work.abort.signal.aborted) work.again = true;
        else return this.#failed(rotation, error);
      }
    } while (work.again);
  }

  #take(rotation: RotationEntity, outcome: StepOutcome, work: Work): void {
    const { registry, clock, log } = this.#parts;
    if (outcome.type === "wait") {
      if (outcome.until !== undefined) this.#lookAt(rotation.id, outcome.until.getTime());
      if (outcome.problem !== undefined) recordProblem(registry, rotation, outcome.problem);
      return;
    }
    if (this.#stopped) return;
    work.again = true;
    if (!recordAdvance(registry, clock, rotation, outcome)) return;
    const { id, name } = rotation;
    // A CA that refuses order after order is asked less and less often.
    if (outcome.to === "request-certificate" && rotation.step === "await-certificate") this.#retryLater(id);
    else if (outcome.to !== "await-certificate") this.#retries.delete(id);
    log.info({ event: "rotation-step", rotation: id, name, step: outcome.to }, "a rotation goes on");
  }

  #failed(rotation: RotationEntity, error: unknown): void {
    const { id, name, step } = rotation;
    const reason = error instanceof Error ? error.message : "unknown failure";
    this.#retryLater(id);
    this.#parts.log.warn({ event: "rotation-problem", rotation: id, name, step, reason }, "a rotation waits");
    try {
      recordProblem(this.#parts.registry, rotation, reason);
    } catch (failure) {
      this.#parts.log.error(
        { event: "rotation-not-recorded", rotation: id, err: failure },
        "nothing was written",
      );
    }
  }

  #retryLater(id: string): void {
    const failures = (this.#retries.get(id)?.failures ?? 0) + 1;
    const delay = Math.min(firstRetry * 2 ** (failures - 1), longestRetry);
    const notBefore = this.#parts.clock.now().getTime() + delay;
    this.#retries.set(id, { failures, notBefore });
    this.#lookAt(id, notBefore);
  }

  #lookAt(id: string, instant: number): void {
    this.#timers.get(id)?.[Symbol.dispose]();
    if (this.#stopped) return;
    const delay = instant - this.#parts.clock.now().getTime();
    this.#timers.set(
      id,
      this.#parts.clock.after(delay, () => {
        this.#timers.delete(id);
        this.#look(id);
      }),
    );
  }
}
