import { clearTimeout, setTimeout } from "node:timers";
import type { AckMessage, HelloMessage } from "../../shared/control_protocol/edge_messages.ts";
import type { EdgeRollout } from "./edge_rollout.ts";

/** Installations that may share an identity: above it, somebody makes them up. */
const mostInstallations = 16;

/** One installation of an edge; several may share an identity. */
interface Row {
  readonly edge: string;
  readonly software: string;
  connected: boolean;
  since: Date;
  acknowledgedVersion: number;
  /** Names of which it could not use what it was sent, and why. */
  problems: ReadonlyMap<string, string>;
  forgetting: ReturnType<typeof setTimeout> | undefined;
}

export interface RolloutBoardOptions {
  /** Milliseconds that an edge counts as live after it was lost. */
  readonly grace: number;
  readonly changed: () => void;
}

/**
 * Who is there and how far it has come.
 *
 * An edge that is lost stays for a grace: it may still be serving and only its connection be broken. So do, after a start,
 * the edges that there may be and that have not come back yet, as if they had acknowledged nothing.
 */
export class RolloutBoard implements Disposable {
  readonly #options: RolloutBoardOptions;
  readonly #rows = new Map<string, Row>();
  #isDisposed = false;

  constructor(options: RolloutBoardOptions) {
    this.#options = options;
  }

  /** By identity. */
  get edges(): readonly EdgeRollout[] {
    return [...this.#rows.values()]
      .map(({ edge, connected, since, acknowledgedVersion, software, problems }) => ({
        edge,
        connected,
        since,
        acknowledgedVersion,
        software,
        problems,
      }))
      .sort((one, other) => one.edge < other.edge ? -1 : one.edge > other.edge ? 1 : 0);
  }

  /** Edges that may be serving, from before this process. */
  expect(edges: readonly string[]): void {
    for (const edge of edges) this.#lose(edge, this.#newRow(edge, ""));
    this.#options.changed();
  }

  /** False: this edge has more installations than there can be. */
  connected(edge: string, { instance, software, held }: HelloMessage): boolean {
    const before = this.#rows.get(keyOf(edge, instance));
    if (before === undefined && !this.#makeRoom(edge)) return false;
    clearTimeout(before?.forgetting);
    this.#remove(edge); // as which it was expected
    const row = { ...this.#newRow(edge, software), connected: true };
    if (before !== undefined) {
      // It may have been started again from a disk that could not be written.
      row.acknowledgedVersion = Math.min(before.acknowledgedVersion, held?.version ?? 0);
      row.problems = before.problems;
    }
    this.#rows.set(keyOf(edge, instance), row);
    this.#options.changed();
    return true;
  }

  /** Returns the problems that are new. */
  acknowledged(edge: string, instance: string, { version, problems }: AckMessage): AckMessage["problems"] {
    const row = this.#rows.get(keyOf(edge, instance));
    if (row === undefined) return [];
    const former = row.problems;
    const news = problems.filter(({ name, reason }) => former.get(name) !== reason);
    if (row.acknowledgedVersion === version && news.length === 0 && former.size === problems.length) {
      return [];
    }
    row.acknowledgedVersion = version;
    row.problems = new Map(problems.map(({ name, reason }) => [name, reason]));
    this.#options.changed();
    return news;
  }

  lost(edge: string, instance: string): void {
    const row = this.#rows.get(keyOf(edge, instance));
    if (row === undefined || this.#isDisposed) return;
    this.#lose(keyOf(edge, instance), row);
    this.#options.changed();
  }

  /** It was thrown out: whatever it serves, nothing waits for it. */
  forget(edge: string): void {
    const keys = [...this.#rows].filter(([, row]) => row.edge === edge).map(([key]) => key);
    for (const key of keys) this.#remove(key);
    if (keys.length > 0) this.#options.changed();
  }

  /** The registry has another past: what was acknowledged says nothing any more. */
  restart(): void {
    for (const row of this.#rows.values()) row.acknowledgedVersion = 0;
    this.#options.changed();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const { forgetting } of this.#rows.values()) clearTimeout(forgetting);
    this.#rows.clear();
  }

  /** The one that was lost first goes, if any is lost. */
  #makeRoom(edge: string): boolean {
    const installations = [...this.#rows].filter(([, row]) => row.edge === edge);
    if (installations.length < mostInstallations) return true;
    const lost = installations.filter(([, { connected }]) => !connected)
      .sort(([, one], [, other]) => one.since.getTime() - other.since.getTime());
    if (lost.length === 0) return false;
    this.#remove(lost[0]![0]);
    return true;
  }

  #newRow(edge: string, software: string): Row {
    return {
      edge,
      software,
      connected: false,
      since: new Date(),
      acknowledgedVersion: 0,
      problems: new Map(),
      forgetting: undefined,
    };
  }

  #lose(key: string, row: Row): void {
    row.connected = false;
    row.since = new Date();
    row.forgetting = setTimeout(() => {
      this.#remove(key);
      this.#options.changed();
    }, this.#options.grace);
    this.#rows.set(key, row);
  }

  #remove(key: string): void {
    clearTimeout(this.#rows.get(key)?.forgetting);
    this.#rows.delete(key);
  }
}

/** No URI has a blank in it. */
function keyOf(edge: string, instance: string): string {
  return `${edge} ${instance}`;
}
