/** What is known of an edge that holds a control connection, or held one not long ago. */
export interface EdgeRollout {
  /** Its URI. */
  readonly edge: string;
  readonly connected: boolean;
  /** When it connected, or was last heard of. */
  readonly since: Date;
  /** The registry's version that all of its workers serve by; 0: none yet. */
  readonly acknowledgedVersion: number;
  /** Names of which it cannot use what it was sent, and why: it serves those as before. */
  readonly problems: ReadonlyMap<string, string>;
  /** The software's version that it named. */
  readonly software: string;
}

/**
 * How far edges have come: for rotations, `edges list` and `status`.
 *
 * An edge that was lost for longer than the grace serves on by its last version, if it lives, until it comes back; nothing
 * waits for it. Edges that serve a name's certificate from files of their own are as far as those files are.
 */
export interface Rollout {
  /** Edges that count as live: connected, or lost for less than the grace (a minute, unless configured). */
  readonly edges: readonly EdgeRollout[];
  /**
   * The live edges that may serve `name` and do so by an older version than this one, or could not use what they were
   * sent of it. Empty: nobody live serves by what was before.
   */
  behind(name: string, version: number): readonly EdgeRollout[];
  /** Called after each change of `edges`. */
  watch(listener: () => void): Disposable;
}
