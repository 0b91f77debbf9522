import type {
  TicketCorrespondent,
  TicketHubMessage,
  TicketMemberMessage,
} from "../../control/control_speaker.ts";
import {
  type Announcement,
  maximumDomains,
  type TicketMember,
  type TicketMembers,
  type TicketReport,
} from "../../../shared/control_protocol/ticket_messages.ts";
import { isAboutSessions } from "../../sessions/session_messages.ts";
import type { PeerPost, PeerSessions } from "../../sessions/shared_sessions.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { AgingKey } from "../aging_key.ts";
import { LetterError, TicketMemberError } from "../errors.ts";
import { weaknessOf } from "../files/key_material.ts";
import type { SharedTicketKeys } from "../sharing/shared_ticket_keys.ts";
import { Activations } from "./activations.ts";
import { KnownMember } from "./known_member.ts";
import { LiveMembers } from "./live_members.ts";
import { mostInLetter, sealLetter } from "./letter.ts";
import { LetterBox } from "./letter_box.ts";
import { reportOf, type TicketCounts } from "./ticket_report.ts";

/** The edge's own set, as its speaker sees it. */
export type MemberKeys = Pick<
  SharedTicketKeys,
  | "ownKeys"
  | "addForeign"
  | "activate"
  | "epochOf"
  | "beginEpoch"
  | "rotate"
  | "holds"
  | "sealingKey"
  | "status"
  | "domains"
>;

export interface HubMemberOptions {
  readonly pool: LockedPool;
  /** Of this edge, hexadecimal. */
  readonly instance: string;
  readonly keys: MemberKeys;
  /** Milliseconds for which a key that all have does not seal yet. */
  readonly activationDelay: number;
  /** Milliseconds for which the member's own key pair serves. */
  readonly renewEvery: number;
  /** Signs with the edge's identity. */
  readonly announce: (publicKey: Uint8Array, madeAt: number) => Announcement;
  /** Throws TicketMemberError for an announcement that is nobody's. */
  readonly verify: (member: TicketMember) => void;
  /** To a hub, by its number. */
  readonly say: (source: number, message: TicketMemberMessage) => void;
  readonly counts: () => TicketCounts;
  /** By which keys age; milliseconds. */
  readonly now: () => number;
  /** Of the Unix epoch; milliseconds. */
  readonly wall?: () => number;
  /** Shares TLS 1.2 sessions with other edges, too; absent: it does not. */
  readonly sessions?: PeerSessions;
  /** Told of members and letters that are not taken. */
  readonly onRefused: (error: Error) => void;
}

/** Letters sealed at one go: more wait for the next tick, so that handshakes do not wait for them. */
export const lettersAtOnce = 16;

/** A letter has four bytes for it. */
const highestEpoch = 0xffff_ffff;

/** Milliseconds between two reports. */
const reportInterval = 10_000;

/**
 * This edge among those that share ticket keys, without sockets and timers: gives its own keys to everybody who is live in
 * their domains, takes theirs, and lets an own key seal once all have it (S7).
 */
export class HubMember implements TicketCorrespondent, Disposable {
  readonly #options: HubMemberOptions;
  readonly #wall: () => number;
  readonly #live: LiveMembers;
  readonly #box: LetterBox;
  readonly #members = new Map<string, KnownMember>();
  readonly #activations: Activations;
  /** By domain, as the hubs say. */
  readonly #epochs = new Map<string, number>();
  #announcement: Announcement;
  #reportedAt = -Infinity;
  #lettersLeft = lettersAtOnce;

  constructor(options: HubMemberOptions) {
    this.#options = options;
    this.#wall = options.wall ?? Date.now;
    this.#activations = new Activations(options.keys, options.activationDelay);
    this.#live = new LiveMembers(options.activationDelay);
    this.#box = new LetterBox(options.pool, options.instance, options.now());
    this.#announcement = options.announce(this.#box.publicKey, this.#wall());
    options.sessions?.usePeers(this.#peerPost());
  }

  greeting(source: number): TicketMemberMessage[] {
    this.#live.connected(source, this.#options.now());
    return [{ type: "ticket-join", announcement: this.#announcement }];
  }

  /** Tells everybody again who this is: the edge's certificate may be another. */
  announceAnew(): void {
    this.#announcement = this.#options.announce(this.#box.publicKey, this.#announcement.madeAt);
    this.#tellAll({ type: "ticket-join", announcement: this.#announcement });
  }

  lost(source: number): void {
    this.#live.lost(source, this.#options.now());
  }

  /** Never throws for what a hub says. */
  receive(source: number, message: TicketHubMessage): void {
    switch (message.type) {
      case "ticket-members":
        this.#takeMembers(source, message);
        this.#options.sessions?.peersChanged();
        return this.#work();
      case "ticket-message":
        return this.#takeLetter(message.from, Uint8Array.fromBase64(message.body));
      case "ticket-rotate":
        if (this.#options.keys.domains.includes(message.domain)) this.#options.keys.rotate(message.domain);
        return this.#work();
      default:
        message satisfies never;
    }
  }

  /** Goes on with what time and the siblings have brought. Called a few times a second. */
  tick(): void {
    const { now, renewEvery, announce } = this.#options;
    this.#lettersLeft = lettersAtOnce;
    this.#live.expire(now());
    if (this.#box.renew(now(), renewEvery)) {
      // Of two announcements the later one counts, whatever becomes of the clock.
      const madeAt = Math.max(this.#wall(), this.#announcement.madeAt + 1);
      this.#announcement = announce(this.#box.publicKey, madeAt);
      this.#tellAll({ type: "ticket-join", announcement: this.#announcement });
    }
    this.#forget();
    this.#work();
    if (now() - this.#reportedAt >= reportInterval) this.#report();
  }

  /** How the edge's keys stand. */
  report(): TicketReport {
    const { keys, now, counts } = this.#options;
    const standing = (key: AgingKey) => {
      const members = this.#membersOf(key.domain);
      return {
        acknowledged: members.filter((member) => member.holds(key.name)).length,
        members: members.length,
      };
    };
    return reportOf(keys, now(), counts(), standing);
  }

  [Symbol.dispose](): void {
    this.#options.sessions?.usePeers(undefined);
    this.#box[Symbol.dispose]();
  }

  /** Other edges, for sessions. */
  #peerPost(): PeerPost {
    const [live, box, members] = [this.#live, this.#box, this.#members];
    const { instance, say } = this.#options;
    return {
      instance,
      get keyPairs() {
        return box.keyPairs;
      },
      get instances() {
        return live.all;
      },
      keyOf: (other) => members.get(other)?.publicKey,
      shares: (other, domain) => live.of(domain).has(other),
      send: (to, body) => {
        const route = live.route(to);
        if (route !== undefined) say(route, { type: "ticket-send", to, body: body.toBase64() });
      },
    };
  }

  #takeMembers(source: number, message: TicketMembers): void {
    const { domain, epoch, members } = message;
    const isEpoch = epoch <= highestEpoch;
    if (isEpoch && (this.#epochs.size < maximumDomains || this.#epochs.has(domain))) {
      this.#epochs.set(domain, Math.max(epoch, this.#epochs.get(domain) ?? 0));
    }
    const others = members.filter((member) => this.#meet(member, source));
    this.#live.listed(source, message, new Set(others.map(({ instance }) => instance)));
  }

  /** Whether it is a member at all, and not this edge. */
  #meet(member: TicketMember, source: number): boolean {
    const { instance, edge, announcement } = member;
    if (instance === this.#options.instance) return false;
    const known = this.#members.get(instance);
    if (known?.edge === edge && known.isAnnouncedBy(announcement, source)) return true;
    try {
      if (known !== undefined && known.edge !== edge) {
        throw new TicketMemberError(edge, "its instance is another edge's");
      }
      this.#options.verify(member);
      this.#members.set(instance, new KnownMember(member, source));
      return true;
    } catch (error) {
      if (!(error instanceof TicketMemberError)) throw error;
      this.#options.onRefused(error);
      return false;
    }
  }

  #takeLetter(from: string, body: Uint8Array): void {
    const { keys, now, onRefused } = this.#options;
    const member = this.#members.get(from);
    if (member === undefined) return onRefused(new LetterError("it is from nobody who is known"));
    if (isAboutSessions(body)) return this.#options.sessions?.receiveFromPeer(from, body);
    try {
      const letter = this.#box.open(member, body, { now: now(), wall: this.#wall() });
      member.acknowledged(letter.holds);
      const usable = this.#usable(letter.keys, member);
      keys.addForeign(usable);
      for (const { domain, name } of usable) {
        if (keys.holds(domain, name)) member.owed.set(name.toHex(), name);
      }
      this.#write(member);
      this.#activate();
    } catch (error) {
      if (!(error instanceof LetterError)) throw error;
      onRefused(error);
    }
  }

  /** Keys of domains that both are in, of the present epoch; all others are zeroed. */
  #usable(letter: readonly AgingKey[], { instance, edge }: KnownMember): AgingKey[] {
    const { keys, onRefused } = this.#options;
    const isShared = new Map<string, boolean>();
    const usable: AgingKey[] = [];
    for (const key of letter) {
      const { domain, epoch, secret } = key;
      if (!isShared.has(domain)) {
        isShared.set(domain, keys.domains.includes(domain) && this.#live.of(domain).has(instance));
      }
      const weakness = weaknessOf(secret);
      if (weakness !== undefined) onRefused(new TicketMemberError(edge, weakness));
      if (isShared.get(domain) === true && epoch === keys.epochOf(domain) && weakness === undefined) {
        usable.push(key);
      } else secret[Symbol.dispose]();
    }
    return usable;
  }

  #work(): void {
    const { keys } = this.#options;
    for (const domain of keys.domains) keys.beginEpoch(domain, this.#epochs.get(domain) ?? 0);
    for (const member of this.#members.values()) this.#write(member);
    this.#activate();
  }

  #activate(): void {
    const { keys, now } = this.#options;
    for (const domain of keys.domains) {
      const members = this.#live.isKnown(domain, now()) ? this.#membersOf(domain) : undefined;
      this.#activations.look(domain, members, now());
    }
  }

  /** Writes what a member does not have, and what it is to be told of. */
  #write(member: KnownMember): void {
    const now = this.#options.now();
    const route = this.#live.route(member.instance);
    if (route === undefined || this.#lettersLeft <= 0) return;
    const missing = this.#keysFor(member).filter(({ name }) => !member.holds(name));
    const names = missing.map(({ name }) => name);
    const isDue = missing.length > 0 && member.isDue(names, now);
    if (!isDue && member.owed.size === 0) return;
    const keys = isDue ? missing : [];
    const holds = [...member.owed.values()];
    for (let at = 0; at < Math.max(keys.length, holds.length); at += mostInLetter) {
      const letter = { keys: keys.slice(at, at + mostInLetter), holds: holds.slice(at, at + mostInLetter) };
      this.#post(member, route, letter, now);
    }
    if (isDue) member.sent(names, now);
    member.owed.clear();
  }

  #post(member: KnownMember, route: number, letter: Parameters<typeof sealLetter>[2], now: number): void {
    this.#lettersLeft--;
    try {
      const body = this.#box.seal(member, letter, { now, wall: this.#wall() });
      this.#options.say(route, { type: "ticket-send", to: member.instance, body: body.toBase64() });
    } catch (error) {
      this.#options.onRefused(error as Error);
    }
  }

  #keysFor({ instance }: KnownMember): AgingKey[] {
    const { keys, now } = this.#options;
    return keys.domains
      .filter((domain) => this.#live.of(domain).has(instance))
      .flatMap((domain) => keys.ownKeys(domain))
      .filter(({ opensUntil }) => now() < opensUntil);
  }

  #membersOf(domain: string): KnownMember[] {
    return [...this.#live.of(domain)].flatMap((instance) => this.#members.get(instance) ?? []);
  }

  /** Of members that are gone, and of keys that are no more. */
  #forget(): void {
    const { keys } = this.#options;
    const live = this.#live.all;
    const names = new Set(
      keys.domains.flatMap((domain) => keys.ownKeys(domain)).map(({ name }) => name.toHex()),
    );
    for (const [instance, member] of this.#members) {
      if (live.has(instance)) member.retain(names);
      else this.#members.delete(instance);
    }
    this.#activations.retain(names);
  }

  #report(): void {
    this.#reportedAt = this.#options.now();
    this.#tellAll(this.report());
  }

  #tellAll(message: TicketMemberMessage): void {
    for (const source of this.#live.sources) this.#options.say(source, message);
  }
}
