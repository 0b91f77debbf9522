import type { LoadProgram } from "../../load/load_program.ts";
import type { Contender, ContenderName, Setup } from "../contender.ts";

/** How much of everything is done. */
export interface Effort {
  readonly rounds: number;
  /** Seconds of one measurement of handshakes. */
  readonly seconds: number;
  /** Handshakes of the same kind before the first round, uncounted: for compilers, caches and pools. */
  readonly warmUpHandshakes: number;
  /** Bytes of one bulk transfer. */
  readonly bulkBytes: number;
  /** Idle connections. */
  readonly connections: number;
  /** Seconds that they are idle before memory is read. */
  readonly idleSeconds: number;
}

export interface Measuring {
  readonly load: LoadProgram;
  readonly contender: Contender;
  readonly effort: Effort;
}

/** What one measurement found: figures by name; their units are in the names. */
export type Figures = Readonly<Record<string, number>>;

/** One question, asked of every contender in turn. */
export interface Cell {
  /** As in "full 1.3 ecdsa": what `--only` looks into. */
  readonly name: string;
  readonly setup: Setup;
  /** Who is asked; everybody unless told. */
  readonly contenders?: readonly ContenderName[];
  warmUp(measuring: Measuring): Promise<void>;
  measure(measuring: Measuring): Promise<Figures>;
}

/** Each server once: where no private key is used, it does not matter where nginx has its. */
export const everyServer: readonly ContenderName[] = ["edge", "nginx", "hitch"];

/** One worker, and no line in a log for each connection. */
export const oneWorker: Setup = { workers: 1, logs: false };
