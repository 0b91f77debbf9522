/** Work for raw/program.ts, on its stdin. */
export interface RawJob {
  readonly uri: string;
  readonly pinFile: string;
  readonly label: string;
  readonly seconds: number;
  readonly way: RawWay;
}

/**
 * `thread`: C_Sign again and again, in one thread. `threads`: likewise in several of one process. `sessions`: C_SignAsync,
 * as many at once. `arrivals`: C_SignAsync at a rate, over as many sessions.
 */
export type RawWay =
  | { readonly kind: "thread" }
  | { readonly kind: "threads"; readonly count: number }
  | { readonly kind: "sessions"; readonly count: number }
  | { readonly kind: "arrivals"; readonly count: number; readonly rate: number };

/** What the program prints, as JSON. */
export interface RawResult {
  readonly rate: number;
  /** Microseconds of the whole process for one signature. */
  readonly cpuMicroseconds: number;
  /** Milliseconds, of C_SignInit and C_Sign together; of arrivals from when each was due. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Work for raw/thread.ts. */
export interface RawThreadJob {
  readonly modulePath: string;
  readonly session: Uint8Array;
  readonly key: Uint8Array;
  readonly mechanism: unknown;
  readonly data: Uint8Array;
  readonly seconds: number;
}
