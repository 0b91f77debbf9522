/** What is known of an edge that holds a control connection, or held one not long ago. */
export interface EdgeRollout {
  /** Its URI. */
  readonly edge: string;
  readonly connected: boolean;
  /** When it connected, or was last heard of. */
  readonly since: Date;
  /** The registry's version that all of its workers serve by; 0: none yet. */
  readonly acknowledgedVersion: number;
  /** The software's version that it named. */
  readonly software: string;
}

/** How far edges have come: for rotations, `edges list` and `status`. */
export interface Rollout {
  /** Edges that count as live: connected, or lost for less than the grace (a minute, unless configured). */
  readonly edges: readonly EdgeRollout[];
  /**
   * The live edges that serve `name` by an older version than this one. Empty: nobody live serves by what was before.
   */
  behind(name: string, version: number): readonly EdgeRollout[];
  /** Called after each change of `edges`. */
  watch(listener: () => void): Disposable;
}
