import type { DatedReport, OtherMember } from "../hub_state.ts";
import type { MemberRecord } from "./records.ts";

/** The most that are believed to be there. */
const mostMembers = 20_000;

interface Entry {
  readonly instance: string;
  readonly server: string;
  readonly record: MemberRecord;
  /** When it came, by our own clock: clocks of key servers differ. */
  readonly seen: number;
}

/** What other key servers say of their members. Whoever is not spoken of for the grace is gone. */
export class OtherMembers {
  readonly #grace: number;
  /** By instance, then by key server. */
  readonly #entries = new Map<string, Map<string, Entry>>();
  #members: ReadonlyMap<string, OtherMember> | undefined;

  constructor(grace: number) {
    this.#grace = grace;
  }

  get members(): ReadonlyMap<string, OtherMember> {
    return this.#members ??= new Map(
      [...this.#entries].map(([instance, entries]) => [instance, memberOf(instance, [...entries.values()])]),
    );
  }

  get reports(): ReadonlyMap<string, DatedReport> {
    const reports = [...this.#entries].flatMap(([instance, entries]) => {
      const [latest] = [...entries.values()].flatMap(({ record: { report } }) => report ?? [])
        .sort((one, other) => one.at < other.at ? 1 : -1);
      return latest === undefined ? [] : [[instance, { ...latest, at: new Date(latest.at) }] as const];
    });
    return new Map(reports);
  }

  /** True: it changes who is live, or how. */
  put(instance: string, server: string, record: MemberRecord, now: number): boolean {
    const entries = this.#entries.get(instance) ?? new Map<string, Entry>();
    if (entries.size === 0 && this.#entries.size === mostMembers) return false;
    const [first] = entries.values();
    if (first !== undefined && first.record.edge !== record.edge) return false; // who came first has the instance
    const before = entries.get(server)?.record;
    this.#entries.set(instance, entries.set(server, { instance, server, record, seen: now }));
    const isSame = before?.connected === record.connected &&
      before.announcement.publicKey === record.announcement.publicKey;
    if (!isSame) this.#members = undefined;
    return !isSame;
  }

  remove(instance: string, server: string): boolean {
    const entries = this.#entries.get(instance);
    if (entries?.delete(server) !== true) return false;
    if (entries.size === 0) this.#entries.delete(instance);
    this.#members = undefined;
    return true;
  }

  /** Takes out who was not spoken of for too long; true: somebody was. */
  expire(now: number): boolean {
    const late = [...this.#entries.values()].flatMap((entries) => [...entries.values()])
      .filter(({ seen }) => now - seen >= this.#grace);
    for (const { instance, server } of late) this.remove(instance, server);
    return late.length > 0;
  }

  /** The key server to send to, for a member: one that has it connected and spoke of it last. */
  serverOf(instance: string): string | undefined {
    const entries = [...this.#entries.get(instance)?.values() ?? []];
    const [best] = entries.sort((one, other) =>
      Number(other.record.connected) - Number(one.record.connected) || other.seen - one.seen
    );
    return best?.server;
  }

  /** Key servers that hold a connection to a member. */
  connectedTo(instance: string): readonly string[] {
    return [...this.#entries.get(instance)?.values() ?? []]
      .filter(({ record }) => record.connected)
      .map(({ server }) => server);
  }
}

function memberOf(instance: string, entries: readonly Entry[]): OtherMember {
  const records = entries.map(({ record }) => record);
  const [newest] = records.toSorted((one, other) => other.announcement.madeAt - one.announcement.madeAt);
  const connected = records.find((record) => record.connected);
  const { edge, announcement } = newest!;
  const since = new Date((connected ?? newest!).since);
  return { instance, edge, announcement, connected: connected !== undefined, since };
}
