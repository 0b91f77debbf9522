import { lettersAtOnce } from "../../edge-terminator/ticket_keys/hub/hub_member.ts";
import { firstPause, longestPause } from "../../edge-terminator/ticket_keys/hub/known_member.ts";
import type { Costs } from "./costs.ts";
import { EventQueue } from "./event_queue.ts";
import { Link, type NetworkProfile, Server } from "./network.ts";
import { memberTick } from "./real_members.ts";

const activationDelay = 5000;

interface Correspondent {
  hasKey: boolean;
  isOwed: boolean;
  sentAt: number;
  pause: number;
}

interface CountedEdge {
  readonly up: Link;
  readonly down: Link;
  readonly cpu: Server;
  readonly others: Correspondent[];
  /** Who is still to get the key, or word that its own has come: by number. */
  readonly waiting: Set<number>;
  missing: number;
  lettersLeft: number;
  completeAt: number | undefined;
}

export interface CountedResult {
  readonly edges: number;
  /** Milliseconds until the key of the last one seals; undefined: not in an hour. */
  readonly activation: number | undefined;
  /** Letters that came to the hub. One may have a key and say that another came. */
  readonly letters: number;
  /** Keys sent once more, because no word of them was back in time. */
  readonly repeated: number;
  /** To and from the hub, lists of members left out. */
  readonly bytes: number;
  /** Milliseconds of CPU, of one hub process and of the busiest edge. */
  readonly hubCpu: number;
  readonly edgeCpu: number;
}

/**
 * The same rules and sizes without the cryptography, whose cost each edge pays one piece after the other: for numbers of
 * edges that no machine seals for. `makers` edges have a new key at once.
 */
export class CountedMembers {
  readonly #queue = new EventQueue();
  readonly #hub = new Server();
  readonly #costs: Costs;
  readonly #edges: CountedEdge[];
  readonly #makers: number;
  #letters = 0;
  #repeated = 0;
  #activated = 0;

  constructor(edges: number, makers: number, profile: NetworkProfile, costs: Costs) {
    this.#costs = costs;
    this.#makers = makers;
    this.#edges = Array.from({ length: edges }, (_, number) => ({
      up: new Link(this.#queue, profile, number),
      down: new Link(this.#queue, profile, number),
      cpu: new Server(),
      others: Array.from({ length: edges }, () => ({
        hasKey: false,
        isOwed: false,
        sentAt: -Infinity,
        pause: firstPause,
      })),
      waiting: new Set<number>(),
      missing: edges - 1,
      lettersLeft: lettersAtOnce,
      completeAt: undefined,
    }));
  }

  run(): CountedResult {
    const count = this.#edges.length;
    for (const [number, edge] of this.#edges.entries()) {
      if (number < this.#makers) {
        for (let other = 0; other < count; other++) if (other !== number) edge.waiting.add(other);
      }
      const tick = () => {
        this.#tick(number);
        this.#queue.after(memberTick, tick);
      };
      this.#queue.after(memberTick * (number % 10) / 10, tick);
    }
    const done = this.#queue.runUntil(() => this.#activated === this.#makers, 3600_000);
    const links = this.#edges.flatMap(({ up, down }) => [up, down]);
    return {
      edges: count,
      activation: done ? this.#queue.now : undefined,
      letters: this.#letters,
      repeated: this.#repeated,
      bytes: links.reduce((sum, { bytes }) => sum + bytes, 0),
      hubCpu: this.#hub.busy,
      edgeCpu: Math.max(...this.#edges.map(({ cpu }) => cpu.busy)),
    };
  }

  #tick(number: number): void {
    const edge = this.#edges[number]!;
    edge.lettersLeft = lettersAtOnce;
    for (const other of edge.waiting) {
      if (edge.lettersLeft <= 0) break;
      this.#write(number, other);
    }
    if (edge.completeAt !== undefined && this.#queue.now - edge.completeAt >= activationDelay) {
      this.#activated++;
      edge.completeAt = undefined;
    }
  }

  #write(number: number, other: number): void {
    const edge = this.#edges[number]!;
    const correspondent = edge.others[other]!;
    const { now } = this.#queue;
    const isDue = number < this.#makers && !correspondent.hasKey &&
      now - correspondent.sentAt >= correspondent.pause;
    if (edge.lettersLeft <= 0 || (!isDue && !correspondent.isOwed)) return;
    edge.lettersLeft--;
    const tellsOfKey = correspondent.isOwed;
    correspondent.isOwed = false;
    if (isDue) {
      const isFirst = correspondent.sentAt === -Infinity;
      if (!isFirst) this.#repeated++;
      correspondent.pause = isFirst ? firstPause : Math.min(2 * correspondent.pause, longestPause);
      correspondent.sentAt = now;
    } else if (correspondent.hasKey || number >= this.#makers) edge.waiting.delete(other);
    const bytes = isDue ? this.#costs.keyLetterBytes : this.#costs.ackLetterBytes;
    const sealed = edge.cpu.done(now, this.#costs.seal);
    this.#queue.at(sealed, () => {
      edge.up.send(bytes, () => this.#relay(number, other, bytes, { hasKey: isDue, tellsOfKey }));
    });
  }

  #relay(from: number, to: number, bytes: number, says: { hasKey: boolean; tellsOfKey: boolean }): void {
    this.#letters++;
    const relayed = this.#hub.done(this.#queue.now, this.#costs.relay);
    this.#queue.at(relayed, () => {
      this.#edges[to]!.down.send(bytes, () => {
        const opened = this.#edges[to]!.cpu.done(this.#queue.now, this.#costs.open);
        this.#queue.at(opened, () => this.#take(to, from, says));
      });
    });
  }

  #take(
    number: number,
    from: number,
    { hasKey, tellsOfKey }: { hasKey: boolean; tellsOfKey: boolean },
  ): void {
    const edge = this.#edges[number]!;
    const correspondent = edge.others[from]!;
    if (tellsOfKey && !correspondent.hasKey) {
      correspondent.hasKey = true;
      edge.waiting.delete(from);
      if (--edge.missing === 0) edge.completeAt = this.#queue.now;
    }
    if (!hasKey) return;
    correspondent.isOwed = true;
    edge.waiting.add(from);
    this.#write(number, from);
  }
}
