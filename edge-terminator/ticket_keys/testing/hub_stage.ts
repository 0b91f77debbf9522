import assert from "node:assert/strict";
import type { TicketMemberMessage } from "../../control/control_speaker.ts";
import type { Announcement, TicketMember } from "../../../shared/control_protocol/ticket_messages.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { defaultTicketDomain } from "../../tls/tickets/ticket_key_provider.ts";
import { announce, AnnouncementVerifier } from "../hub/announcement.ts";
import { HubMember } from "../hub/hub_member.ts";
import { type TicketKeySchedule, ticketKeySchedule } from "../schedule.ts";
import { SharedTicketKeys } from "../sharing/shared_ticket_keys.ts";
import { memberAuthority, memberIdentities } from "./member_identities.ts";

/** A letter that the hub has taken. */
export interface CarriedLetter {
  readonly from: number;
  readonly to: number;
  readonly body: string;
}

export interface StagedEdge {
  readonly index: number;
  readonly pool: LockedPool;
  readonly keys: SharedTicketKeys;
  member: HubMember;
  announcement: Announcement | undefined;
}

export const instanceOf = (index: number): string => index.toString(16).padStart(32, "0");

/** Edges of one worker each, one hub that does what a test wants, and one clock for all. */
export class HubStage implements Disposable {
  now = 0;
  readonly edges = new Map<number, StagedEdge>();
  /** Everything that edges ever sent to each other. */
  readonly letters: CarriedLetter[] = [];
  readonly refused: string[] = [];
  /** What the hub does with a letter. */
  carries: (letter: CarriedLetter) => boolean = () => true;
  epoch = 0;
  readonly #verifier = new AnnouncementVerifier([memberAuthority.certificate]);
  readonly #connected = new Set<number>();
  /** Whom the hub takes for live. */
  readonly live = new Set<number>();
  readonly #schedule: TicketKeySchedule;
  #queue: (() => void)[] = [];
  #isRunning = false;

  constructor(schedule: Partial<TicketKeySchedule> = {}, readonly domains = [defaultTicketDomain]) {
    this.#schedule = ticketKeySchedule(schedule);
  }

  /** A new edge, connected. */
  start(index: number, domains = this.domains): StagedEdge {
    const pool = LockedPool.open({ totalBytes: 64 * 1024 });
    const keys = new SharedTicketKeys({
      pool,
      post: { join: () => {}, send: () => {} },
      schedule: this.#schedule,
      domains: () => domains,
      waitsForOthers: true,
      now: () => this.now,
    });
    keys.takeRoster({ self: 1, members: [{ id: 1, publicKey: new Uint8Array(32) }] });
    const edge = { index, pool, keys, member: this.#memberOf(index, pool, keys), announcement: undefined };
    this.edges.set(index, edge);
    this.connect(index);
    return edge;
  }

  /** Another worker speaks for the edge from now on, which had the set. */
  changeSpeaker(index: number): void {
    const edge = this.edges.get(index)!;
    this.disconnect(index);
    edge.member[Symbol.dispose]();
    edge.member = this.#memberOf(index, edge.pool, edge.keys);
    this.connect(index);
  }

  connect(index: number): void {
    this.#connected.add(index);
    this.live.add(index);
    for (const message of this.edges.get(index)!.member.greeting(0)) this.#said(index, message);
  }

  /** The edge sees its connection end; it is live until it is taken from {@link live}. */
  disconnect(index: number): void {
    this.#connected.delete(index);
    this.edges.get(index)?.member.lost(0);
  }

  /** The edge is gone, with what it holds. */
  kill(index: number): void {
    const edge = this.edges.get(index)!;
    this.#connected.delete(index);
    this.live.delete(index);
    this.edges.delete(index);
    this.#end(edge);
  }

  /** Everybody who is connected hears who is. */
  tellMembers(isMember: (index: number) => boolean = () => true): void {
    for (const index of this.#connected) this.tell(index, isMember);
  }

  tell(index: number, isMember: (index: number) => boolean = () => true): void {
    const members = [...this.live].filter((other) => other !== index && isMember(other))
      .map((other) => this.memberOf(other));
    for (const domain of this.domains) {
      this.tellList(index, domain, members);
    }
  }

  tellList(index: number, domain: string, members: TicketMember[]): void {
    this.#later(() =>
      this.edges.get(index)?.member.receive(0, {
        type: "ticket-members",
        domain,
        epoch: this.epoch,
        members,
      })
    );
  }

  memberOf(index: number): TicketMember {
    const { announcement } = this.edges.get(index)!;
    return { instance: instanceOf(index), edge: memberIdentities[index]!.edge, announcement: announcement! };
  }

  /** Hands over a letter, as a hub that has kept it would. */
  deliver({ from, to, body }: CarriedLetter): void {
    this.#later(() =>
      this.edges.get(to)?.member.receive(0, { type: "ticket-message", from: instanceOf(from), body })
    );
  }

  rotate(domain = defaultTicketDomain): void {
    for (const index of this.#connected) {
      this.edges.get(index)!.member.receive(0, { type: "ticket-rotate", domain });
    }
  }

  /** Lets time pass, with every edge's ticks after each step. */
  pass(...steps: number[]): void {
    for (const step of steps) {
      this.now += step;
      for (const { keys } of this.edges.values()) keys.tick();
      for (const { member } of this.edges.values()) member.tick();
    }
  }

  sealing(index: number, domain = defaultTicketDomain): string | undefined {
    return this.edges.get(index)!.keys.sealingKey(domain)?.name.toHex();
  }

  /** Names of all keys that an edge holds, sorted. */
  names(index: number): string[] {
    return this.edges.get(index)!.keys.status().map(({ name }) => name.toHex()).toSorted();
  }

  opens(index: number, name: string, domain = defaultTicketDomain): boolean {
    return this.edges.get(index)!.keys.openingKey(Uint8Array.fromHex(name), domain) !== undefined;
  }

  [Symbol.dispose](): void {
    for (const edge of this.edges.values()) this.#end(edge);
    this.edges.clear();
    this.#verifier[Symbol.dispose]();
  }

  #end({ member, keys, pool }: StagedEdge): void {
    member[Symbol.dispose]();
    keys[Symbol.dispose]();
    const { blocksInUse } = pool;
    pool[Symbol.dispose]();
    assert.equal(blocksInUse, 0, "an edge keeps blocks of its pool");
  }

  #memberOf(index: number, pool: LockedPool, keys: SharedTicketKeys): HubMember {
    return new HubMember({
      pool,
      instance: instanceOf(index),
      keys,
      activationDelay: this.#schedule.activationDelay,
      renewEvery: this.#schedule.sealsFor,
      announce: (publicKey, madeAt) =>
        announce(memberIdentities[index]!, instanceOf(index), publicKey, madeAt),
      verify: (member) => this.#verifier.verify(member),
      say: (_, message) => this.#said(index, message),
      counts: () => ({ issued: 0, resumed: 0, refused: 0 }),
      now: () => this.now,
      wall: () => 1_700_000_000_000 + this.now,
      onRefused: ({ message }) => this.refused.push(message),
    });
  }

  #said(index: number, message: TicketMemberMessage): void {
    if (!this.#connected.has(index)) return;
    if (message.type === "ticket-join") {
      this.#later(() => {
        const edge = this.edges.get(index);
        if (edge === undefined) return;
        edge.announcement = message.announcement;
        this.tellMembers();
      });
    } else if (message.type === "ticket-send") {
      const letter = { from: index, to: Number.parseInt(message.to, 16), body: message.body };
      this.letters.push(letter);
      if (this.carries(letter) && this.#connected.has(letter.to)) this.deliver(letter);
    }
  }

  /** In the order in which it was said, each after the other has ended. */
  #later(work: () => void): void {
    this.#queue.push(work);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next();
    this.#isRunning = false;
  }
}
