import type { Handle } from "pkcs11js";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import { tokenError } from "./errors.ts";
import type { CallWatch } from "./call_watch.ts";
import type { SigningCost } from "./signing_cost.ts";
import type { TokenInput } from "./signing_methods.ts";
import type { RingOutcome } from "./signing_ring.ts";
import type { SigningThread } from "./signing_thread.ts";

/** What a lane needs of a thread. */
export type LaneThread = Pick<SigningThread, "jobs" | "isFull" | "hangs" | "sign">;

/** A session that a thread signs with; its handle changes when it is opened anew. */
export interface ThreadSession {
  handle: Handle;
}

/** Microseconds of work that a thread has at hand: enough to be busy until the next comes, and no more to lose. */
const workAtHand = 8000;

/**
 * Microseconds: signatures that take less time are made in one thread for as long as it keeps up. A module spends most
 * of them under its locks, where two threads hinder each other (SoftHSM: 54 us in one, 60 to 80 in two).
 */
const shortSignature = 200;

/** Microseconds of waiting from which short signatures go to a further thread all the same. */
const longWait = 20_000;

/** A signature that no thread has yet. */
export interface Waiting {
  readonly key: Handle;
  readonly input: TokenInput;
  readonly isLate: () => boolean;
  readonly microseconds: number;
  readonly timed: boolean;
  readonly give: (signature: Uint8Array, cost?: SigningCost) => void;
  readonly refuse: (error: unknown) => void;
}

/** One thread, with the session that is its own. */
interface Place {
  readonly thread: LaneThread;
  readonly session: ThreadSession;
  /** Of the work at hand. */
  microseconds: number;
  /** An operation failed: the session is opened anew before it is used again. */
  failed: boolean;
}

/** Signatures of one token that are made in threads, in the order of asking. */
export class ThreadLane {
  readonly #places: readonly Place[];
  readonly #renew: (session: ThreadSession) => Promise<void>;
  readonly #watch: CallWatch;
  readonly #waiting: Waiting[] = [];
  #waitingMicroseconds = 0;
  #drained: (() => void) | undefined;

  /** `renew` opens a session anew after a failure, and never rejects. */
  constructor(
    threads: readonly LaneThread[],
    sessions: readonly ThreadSession[],
    renew: (session: ThreadSession) => Promise<void>,
    watch: CallWatch,
  ) {
    this.#renew = renew;
    this.#watch = watch;
    this.#places = threads.slice(0, sessions.length)
      .map((thread, index) => ({ thread, session: sessions[index]!, microseconds: 0, failed: false }));
  }

  /** Whether signing here can be hoped for. */
  get isUsable(): boolean {
    return this.#places.length > 0 && !this.#places.some(({ thread }) => thread.hangs);
  }

  /** Sessions with an operation. */
  get inUse(): number {
    return this.#places.filter(({ thread, failed }) => thread.jobs > 0 || failed).length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** As SessionPool.sign. */
  sign(
    key: Handle,
    input: TokenInput,
    isLate: () => boolean,
    { wall: microseconds }: SigningCost,
  ): Promise<Uint8Array> {
    return new Promise((give, refuse) => {
      this.#ask({ key, input, isLate, microseconds, timed: false, give, refuse });
    });
  }

  /** Signs, and gives what that took. */
  time(key: Handle, input: TokenInput): Promise<SigningCost> {
    return new Promise((resolve, refuse) => {
      const give = (_: Uint8Array, cost: SigningCost = { wall: Infinity, cpu: 0 }) => resolve(cost);
      this.#ask({ key, input, isLate: () => false, microseconds: workAtHand, timed: true, give, refuse });
    });
  }

  /** Those who wait, who are the caller's from now on: for when a thread hangs. */
  takeWaiting(): Waiting[] {
    this.#waitingMicroseconds = 0;
    return this.#waiting.splice(0);
  }

  /** Refuses those who wait, and resolves when nothing is in a thread any more. */
  async close(error: () => Error): Promise<void> {
    for (const { refuse } of this.takeWaiting()) refuse(error());
    if (this.inUse > 0) await new Promise<void>((resolve) => this.#drained = resolve);
  }

  #ask(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#waitingMicroseconds += waiting.microseconds;
    this.#feed();
  }

  #feed(): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const place = this.#placeFor(next);
      if (place === undefined) return;
      this.#waiting.shift();
      this.#waitingMicroseconds -= next.microseconds;
      if (next.isLate()) {
        next.refuse(new KeylessError("deadline-passed", "the deadline passed while waiting for the token"));
      } else {
        this.#begin(place, next);
      }
    }
  }

  /** The one with the least work that has room for more; for short signatures the first alone, while it keeps up. */
  #placeFor({ microseconds }: Waiting): Place | undefined {
    const oneIsEnough = microseconds < shortSignature && this.#waitingMicroseconds < longWait;
    let best: Place | undefined;
    for (const place of oneIsEnough ? this.#places.slice(0, 1) : this.#places) {
      if (place.failed || place.thread.isFull) continue;
      if (place.microseconds > 0 && place.microseconds + microseconds > workAtHand) continue;
      if (best === undefined || place.microseconds < best.microseconds) best = place;
    }
    return best;
  }

  #begin(place: Place, waiting: Waiting): void {
    const { thread, session } = place;
    const { key, input, microseconds, timed } = waiting;
    place.microseconds += microseconds;
    const came = this.#watch.begin();
    thread.sign({ session: session.handle, key, input, timed }, (outcome) => {
      came();
      place.microseconds = thread.jobs === 0 ? 0 : place.microseconds - microseconds;
      this.#settle(place, waiting, outcome);
      if (place.failed && thread.jobs === 0) void this.#restore(place);
      this.#feed();
      if (this.inUse === 0) this.#drained?.();
    });
  }

  async #restore(place: Place): Promise<void> {
    await this.#renew(place.session);
    place.failed = false;
    this.#feed();
    if (this.inUse === 0) this.#drained?.();
  }

  #settle(place: Place, { input, give, refuse }: Waiting, { failed, output, cost }: RingOutcome): void {
    if (!failed) return give(output, cost);
    place.failed = true;
    const words = new Error(new TextDecoder().decode(output));
    refuse(tokenError(`sign with mechanism 0x${input.mechanism.mechanism.toString(16)}`, words));
  }
}
