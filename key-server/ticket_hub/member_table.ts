import type { Announcement } from "../../shared/control_protocol/ticket_messages.ts";
import type { TicketLink } from "../control/ticket_messages.ts";
import { TokenBucket } from "../authorisation/token_bucket.ts";
import type { Clock } from "../rotation/clock.ts";
import type { DatedReport, HubMember } from "./hub_state.ts";
import { MemberPushes } from "./member_pushes.ts";
import { Outbox } from "./outbox.ts";

/** Messages that one member may send: a rotation among a thousand edges, several times over. */
const sending = { perSecond: 5_000, burst: 50_000 };

/** A member that holds a connection to this key server, or held one not long ago. */
export interface LocalMember {
  member: HubMember;
  link: TicketLink | undefined;
  /** When it joined, or was lost. */
  since: Date;
  readonly outbox: Outbox;
  readonly pushes: MemberPushes;
  readonly allowance: TokenBucket;
  report: DatedReport | undefined;
  losing: Disposable | undefined;
}

export interface MemberTableOptions {
  /** Milliseconds that a member counts as live after it was lost. */
  readonly grace: number;
  readonly clock: Clock;
  /** The end of a member's grace. */
  readonly gone: (instance: string) => void;
}

/** The members of this key server, by instance. */
export class MemberTable implements Disposable {
  readonly #options: MemberTableOptions;
  readonly #members = new Map<string, LocalMember>();

  constructor(options: MemberTableOptions) {
    this.#options = options;
  }

  get all(): readonly LocalMember[] {
    return [...this.#members.values()];
  }

  get(instance: string): LocalMember | undefined {
    return this.#members.get(instance);
  }

  /** Whoever comes back with another key gets nothing that was sealed to the former one. */
  join(link: TicketLink, announcement: Announcement): LocalMember {
    const { instance, edge } = link;
    const local = this.#members.get(instance) ?? this.#newMember({ instance, edge, announcement });
    local.losing?.[Symbol.dispose]();
    local.losing = undefined;
    if (local.member.announcement.publicKey !== announcement.publicKey) local.outbox.clear();
    local.member = { instance, edge, announcement };
    if (local.link !== link) {
      local.link = link;
      local.since = this.#options.clock.now();
      local.pushes.connect(link);
      local.outbox.connect(link);
    }
    this.#members.set(instance, local);
    return local;
  }

  /** Undefined: the connection is none that a member holds. */
  lose(link: TicketLink): LocalMember | undefined {
    const local = this.#members.get(link.instance);
    if (local?.link !== link) return undefined;
    const { clock, grace, gone } = this.#options;
    local.link = undefined;
    local.since = clock.now();
    local.pushes.connect(undefined);
    local.outbox.connect(undefined);
    local.losing = this.#after(grace, () => {
      this.#members.delete(link.instance);
      gone(link.instance);
    });
    return local;
  }

  remove(instance: string): void {
    const local = this.#members.get(instance);
    local?.losing?.[Symbol.dispose]();
    local?.pushes.connect(undefined);
    local?.outbox.connect(undefined);
    this.#members.delete(instance);
  }

  [Symbol.dispose](): void {
    for (const instance of [...this.#members.keys()]) this.remove(instance);
  }

  #newMember(member: HubMember): LocalMember {
    return {
      member,
      link: undefined,
      since: this.#options.clock.now(),
      outbox: new Outbox(),
      pushes: new MemberPushes(),
      allowance: new TokenBucket(sending, this.#options.clock.now().getTime()),
      report: undefined,
      losing: undefined,
    };
  }

  /** The clock's timers may ring early, when the wait is a long one. */
  #after(milliseconds: number, run: () => void): Disposable {
    const { clock } = this.#options;
    const end = clock.now().getTime() + milliseconds;
    let timer: Disposable;
    const look = () => {
      const left = end - clock.now().getTime();
      if (left <= 0) run();
      else timer = clock.after(left, look);
    };
    timer = clock.after(milliseconds, look);
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }
}
