import type { Logger } from "../../shared/log.ts";
import type { Metrics } from "../../shared/metrics.ts";
import { keepTicking } from "../ticket_keys/ticket_key_source.ts";
import { StapleError } from "./errors.ts";
import { OcspStaple, readStaple, type StapleFile, stapleStates } from "./ocsp_staple.ts";

export interface OcspStaplesContext {
  readonly log: Pick<Logger, "info" | "warn">;
  readonly metrics: Metrics;
  /** Milliseconds of the Unix epoch. */
  readonly wallClock?: () => number;
}

/** Ticks (seconds) in which every file is looked at once: a share of them with each, however many there are. */
const round = 5;

/** The staples of a worker's certificates, and their care. */
export class OcspStaples implements Disposable {
  readonly #staples: readonly OcspStaple[];
  readonly #wallClock: () => number;
  readonly #ticking: Disposable;
  #next = 0;

  /** Reads every file; one that is missing or bad is logged, and its certificate served without. */
  constructor(files: readonly StapleFile[], { log, metrics, wallClock = Date.now }: OcspStaplesContext) {
    this.#wallClock = wallClock;
    this.#staples = files.map((file) => new OcspStaple(file, log, wallClock()));
    this.#ticking = keepTicking(this);
    // All workers of an edge watch the same files: the edge's value is any worker's, not the sum.
    metrics.gauge(
      "holdfast_edge_ocsp_staples",
      "Certificates with an OCSP response configured, by what its file holds.",
      ["state"],
      (gauge) => {
        for (const state of stapleStates) {
          gauge.set({ state }, this.#staples.filter((staple) => staple.state === state).length);
        }
      },
      "max",
    );
  }

  tick(): void {
    const now = this.#wallClock();
    const share = Math.ceil(this.#staples.length / round);
    for (let count = 0; count < share; count++) {
      this.#staples[this.#next]?.look(now);
      this.#next = (this.#next + 1) % this.#staples.length;
    }
    for (const staple of this.#staples) staple.expire(now);
  }

  [Symbol.dispose](): void {
    this.#ticking[Symbol.dispose]();
  }
}

/** For `--check`: what a worker would log of these files. None of it keeps an edge from serving. */
export function stapleWarnings(files: readonly StapleFile[], now = Date.now()): string[] {
  return files.flatMap((source) => {
    try {
      const { status } = readStaple(source, now);
      return status === "good"
        ? []
        : [`The OCSP response ${source.file} says that the certificate is revoked`];
    } catch (error) {
      if (!(error instanceof StapleError)) throw error;
      return [error.message];
    }
  });
}
