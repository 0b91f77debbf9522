import { maximumDomains, type TicketMembers } from "../../../shared/control_protocol/ticket_messages.ts";

/** Milliseconds for which whoever a hub named is live after the connection to that hub was lost: it may come back elsewhere. */
export const lostHubGrace = 60_000;

/** What one connection to a hub has said. */
interface Connection {
  readonly since: number;
  /** By domain. */
  readonly lists: Map<string, MemberList>;
}

interface MemberList {
  readonly epoch: number;
  readonly instances: ReadonlySet<string>;
}

interface Former {
  readonly until: number;
  readonly lists: Connection["lists"];
}

/**
 * Who is live in which domain, as the hubs say that this edge is connected to: live at one of them is live.
 *
 * When a connection is lost, nobody is gone for that: a hub that has begun anew may not have heard of everybody yet.
 */
export class LiveMembers {
  readonly #patience: number;
  readonly #connections = new Map<number, Connection>();
  readonly #memo = new Map<string, ReadonlySet<string>>();
  #former: Former[] = [];

  /** `patience`: milliseconds after which a domain that a hub has not named has nobody else in it. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  connected(source: number, now: number): void {
    this.lost(source, now);
    this.#connections.set(source, { since: now, lists: new Map() });
  }

  lost(source: number, now: number): void {
    const connection = this.#connections.get(source);
    if (connection === undefined) return;
    this.#connections.delete(source);
    this.#former.push({ until: now + lostHubGrace, lists: connection.lists });
    this.#memo.clear();
  }

  /** Forgets what lost connections had said longest ago. */
  expire(now: number): void {
    const left = this.#former.filter(({ until }) => now < until);
    if (left.length === this.#former.length) return;
    this.#former = left;
    this.#memo.clear();
  }

  /** A hub's whole list. One of a later epoch than others puts these out of force: who was thrown out may be in them. */
  listed(source: number, { domain, epoch }: TicketMembers, instances: ReadonlySet<string>): void {
    const lists = this.#connections.get(source)?.lists;
    if (lists === undefined || (lists.size >= maximumDomains && !lists.has(domain))) return;
    lists.set(domain, { epoch, instances });
    this.#memo.clear();
  }

  /** Whether it is known who is in the domain. */
  isKnown(domain: string, now: number): boolean {
    return [...this.#connections.values()].some(({ since, lists }) =>
      lists.has(domain) || now - since >= this.#patience
    );
  }

  /** Instances. */
  of(domain: string): ReadonlySet<string> {
    const known = this.#memo.get(domain);
    if (known !== undefined) return known;
    const lists = [...this.#connections.values(), ...this.#former]
      .flatMap(({ lists }) => lists.get(domain) ?? []);
    const live = new Set(currentOf(lists).flatMap(({ instances }) => [...instances]));
    this.#memo.set(domain, live);
    return live;
  }

  /** Everybody who is in any domain. */
  get all(): Set<string> {
    const connections = [...this.#connections.values(), ...this.#former];
    return new Set(
      connections.flatMap(({ lists }) => [...lists.values()].flatMap(({ instances }) => [...instances])),
    );
  }

  /** A hub, by its number, that can carry something to this member. */
  route(instance: string): number | undefined {
    for (const [source, { lists }] of this.#connections) {
      for (const { instances } of lists.values()) if (instances.has(instance)) return source;
    }
    return undefined;
  }

  get sources(): number[] {
    return [...this.#connections.keys()];
  }
}

function currentOf(lists: readonly MemberList[]): MemberList[] {
  const latest = Math.max(...lists.map(({ epoch }) => epoch));
  return lists.filter(({ epoch }) => epoch === latest);
}
