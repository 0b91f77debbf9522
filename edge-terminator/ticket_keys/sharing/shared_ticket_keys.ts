import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { defaultTicketDomain, type TicketKey } from "../../tls/tickets/ticket_key_provider.ts";
import { type AgingKey, makeAgingKey, never } from "../aging_key.ts";
import { SiblingMessageError } from "../errors.ts";
import { keyClock } from "../key_clock.ts";
import type { KeyStatus } from "../key_ring.ts";
import { KeyRings } from "../key_rings.ts";
import { gatheringTime, mostKeysOfMaker, type TicketKeySchedule, ticketKeySchedule } from "../schedule.ts";
import type { TicketKeySource } from "../ticket_key_source.ts";
import { MailboxKey } from "./mailbox_key.ts";
import {
  emptyRoster,
  isOwner,
  ownerOf,
  type Roster,
  type RosterMember,
  type SiblingPost,
  siblingsOf,
} from "./roster.ts";
import { messageKind, mostKeysInMessage, openKeys, sealKeys } from "./sealed_keys.ts";

export interface SharedTicketKeysOptions {
  readonly pool: LockedPool;
  readonly post: SiblingPost;
  /** Laid over the default; counts while this worker owns the set, and shortens the times of keys that come. */
  readonly schedule?: Partial<TicketKeySchedule>;
  /** Ticket domains that this edge serves; asked at each tick. One, the default, unless told. */
  readonly domains?: () => readonly string[];
  /** New keys wait until `activate`: other edges have to have them first. False by default. */
  readonly waitsForOthers?: boolean;
  /** Milliseconds since some fixed moment; must not go back. */
  readonly now?: () => number;
  /** Told of messages that are not taken, and of siblings that nothing can be sealed for. */
  readonly onRefused?: (from: number, error: Error) => void;
}

/** Milliseconds that a new key may take to come before it is asked for, and between two times of asking. */
const askInterval = 5000;

/**
 * Ticket keys that all workers of an edge hold (S11): to the world an edge is one.
 *
 * The oldest worker owns the set: it makes keys as time goes and passes the set to its siblings, sealed to each one. When
 * it ends, the next one owns the set that it has. A set is only ever joined to another, by the keys' names, so that it
 * does not matter who sends what how often and in which order, and no change of owner loses a key that somebody has.
 */
export class SharedTicketKeys implements TicketKeySource {
  readonly #pool: LockedPool;
  readonly #post: SiblingPost;
  readonly #schedule: TicketKeySchedule;
  readonly #now: () => number;
  readonly #onRefused: (from: number, error: Error) => void;
  readonly #domains: () => readonly string[];
  readonly #waitsForOthers: boolean;
  readonly #rings: KeyRings;
  /** By domain; 0 where nobody has said. */
  readonly #epochs = new Map<string, number>();
  /** Domains that get a new key at the next tick, whatever the age of the last one. */
  readonly #wanted = new Set<string>();
  readonly #mailbox: MailboxKey;
  readonly #ready = Promise.withResolvers<void>();
  readonly #lastSerials = new Map<number, number>();
  #serial = 0;
  #askedAt = -Infinity;
  #roster = emptyRoster;

  /** Joins the siblings. Throws TicketKeyScheduleError. */
  constructor(options: SharedTicketKeysOptions) {
    const { pool, post, schedule, now = keyClock(), onRefused = () => {} } = options;
    this.#pool = pool;
    this.#post = post;
    this.#schedule = ticketKeySchedule(schedule);
    this.#now = now;
    this.#onRefused = onRefused;
    this.#domains = options.domains ?? (() => [defaultTicketDomain]);
    this.#waitsForOthers = options.waitsForOthers ?? false;
    this.#rings = new KeyRings(now);
    this.#mailbox = new MailboxKey(now());
    post.join(this.#mailbox.publicKey);
  }

  /** Resolves when there is a set: the siblings', or one of its own for the first worker of all. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  sealingKey(domain: string): TicketKey | undefined {
    return this.#rings.sealingKey(domain);
  }

  openingKey(name: Uint8Array, domain: string): TicketKey | undefined {
    return this.#rings.openingKey(name, domain);
  }

  status(): KeyStatus[] {
    return this.#rings.status();
  }

  /** Ticket domains that the edge serves. */
  get domains(): readonly string[] {
    return this.#domains();
  }

  /** Whether it is here and not over. */
  holds(domain: string, name: Uint8Array): boolean {
    return this.#rings.openingKey(name, domain) !== undefined;
  }

  /** Keys that this edge has made, newest first; those that are over, too, until the next tick. */
  ownKeys(domain: string): readonly AgingKey[] {
    return this.#rings.of(domain).ownKeys;
  }

  /** Takes keys of other edges, and passes on to the siblings what is news. Says how many were. */
  addForeign(keys: readonly AgingKey[]): number {
    this.#rings.expire();
    const current = this.#ofNow(keys).map((key) => this.#shortened(key));
    const taken = this.#rings.add(current);
    if (taken > 0) this.#spread(this.#rings.keys.filter(({ name }) => isAmong(name, current)));
    return taken;
  }

  /** Everybody has this key of ours: from now on it seals here and at the siblings. */
  activate(domain: string, name: Uint8Array): void {
    const ring = this.#rings.of(domain);
    if (!ring.activate(name, this.#now())) return;
    this.#spread(ring.ownKeys.filter((key) => isAmong(name, [key])));
  }

  /** The domain's epoch as far as it is known here. */
  epochOf(domain: string): number {
    return this.#epochs.get(domain) ?? 0;
  }

  /**
   * Ends every key of an earlier epoch, here at once and at the siblings by the first key of this one, which is made here:
   * the owner has not heard of it. Says how many ended.
   */
  beginEpoch(domain: string, epoch: number): number {
    if (epoch <= this.epochOf(domain)) return 0;
    const ended = this.#endBefore(domain, epoch);
    this.rotate(domain);
    return ended;
  }

  /** A new key of the domain now, whatever the last one's age; made here, whoever owns the set. */
  rotate(domain: string): void {
    this.#wanted.add(domain);
    this.#makeWanted();
  }

  tick(): void {
    this.#rings.expire();
    if (isOwner(this.#roster)) {
      this.#renew();
    } else if (this.#isOverdue()) this.ask();
    this.#makeWanted();
    if (this.#mailbox.renew(this.#now(), this.#schedule.sealsFor)) this.#post.join(this.#mailbox.publicKey);
  }

  /** Somebody joined, left, or has another public key. */
  takeRoster(roster: Roster): void {
    const before = this.#roster;
    this.#roster = roster;
    for (const id of this.#lastSerials.keys()) {
      if (!roster.members.some((member) => member.id === id)) this.#lastSerials.delete(id);
    }
    const siblings = siblingsOf(roster);
    if (isOwner(roster)) {
      const hasNews = this.#makeDue().length > 0 || !isOwner(before);
      this.#sendTo(
        hasNews ? siblings : siblings.filter(({ id }) => !before.members.some((old) => old.id === id)),
      );
    } else if (ownerOf(roster) !== ownerOf(before)) {
      // Whoever owns the set from now on may have missed the last one.
      this.#sendTo(siblings.filter(({ id }) => id === ownerOf(roster)));
    }
  }

  /** A sibling's message, as the supervisor passed it on. Never throws. */
  receive(from: number, message: Uint8Array): void {
    try {
      if (message[0] === messageKind.want) {
        this.#sendTo(siblingsOf(this.#roster).filter(({ id }) => id === from));
      } else this.#take(from, message);
    } catch (error) {
      if (!(error instanceof SiblingMessageError)) throw error;
      this.#onRefused(from, error);
    }
  }

  /** Asks every sibling for its set: the owner has not sent one, or it was lost. */
  ask(): void {
    this.#askedAt = this.#now();
    for (const { id } of siblingsOf(this.#roster)) this.#post.send(id, Uint8Array.of(messageKind.want));
  }

  [Symbol.dispose](): void {
    this.#rings[Symbol.dispose]();
    this.#mailbox[Symbol.dispose]();
  }

  #take(from: number, message: Uint8Array): void {
    const passage = { from, to: this.#roster.self, after: this.#lastSerials.get(from) ?? 0 };
    const { serial, keys } = this.#open(passage, message);
    this.#lastSerials.set(from, serial);
    for (const { domain, epoch } of keys) this.#endBefore(domain, epoch);
    const taken = this.#rings.add(this.#ofNow(keys).map((key) => this.#shortened(key)));
    if (this.#rings.keys.length > 0) this.#ready.resolve();
    if (taken > 0 && isOwner(this.#roster)) this.#sendTo(siblingsOf(this.#roster));
  }

  #open(passage: Parameters<typeof openKeys>[2], message: Uint8Array) {
    const [current, before] = this.#mailbox.keyPairs;
    try {
      return openKeys(this.#pool, current!, passage, message, this.#now());
    } catch (error) {
      if (before === undefined) throw error;
      return openKeys(this.#pool, before, passage, message, this.#now());
    }
  }

  /** A reload that shortens a key's life counts for the keys that are there. */
  #shortened(key: AgingKey): AgingKey {
    return { ...key, opensUntil: Math.min(key.opensUntil, key.madeAt + this.#schedule.opensFor) };
  }

  /** Whether the owner should have sent a new key by now, and has not been asked for it a moment ago. */
  #isOverdue(): boolean {
    const now = this.#now();
    const madeAt = this.#rings.keys[0]?.madeAt ?? -Infinity;
    return now - madeAt > this.#schedule.sealsFor + askInterval && now - this.#askedAt > askInterval;
  }

  /** Keys of an epoch that has ended are zeroed: whoever sent them has not heard of it yet. */
  #ofNow(keys: readonly AgingKey[]): AgingKey[] {
    const isOfNow = ({ domain, epoch }: AgingKey) => epoch >= this.epochOf(domain);
    for (const { secret } of keys.filter((key) => !isOfNow(key))) secret[Symbol.dispose]();
    return keys.filter(isOfNow);
  }

  #endBefore(domain: string, epoch: number): number {
    if (epoch <= this.epochOf(domain)) return 0;
    this.#epochs.set(domain, epoch);
    return this.#rings.of(domain).end((key) => key.epoch < epoch);
  }

  #makeWanted(): void {
    if (this.#wanted.size > 0) {
      this.#spread([...this.#wanted].flatMap((domain) => this.#makeDueIn(domain) ?? []));
    }
  }

  #renew(): void {
    if (isOwner(this.#roster)) this.#spread(this.#makeDue());
  }

  /** Returns the keys that were due, made. */
  #makeDue(): AgingKey[] {
    const made = this.#domains().flatMap((domain) => this.#makeDueIn(domain) ?? []);
    if (this.#rings.keys.length > 0) this.#ready.resolve();
    return made;
  }

  #makeDueIn(domain: string): AgingKey | undefined {
    const now = this.#now();
    const ring = this.#rings.of(domain);
    const newest = ring.ownKeys[0];
    const isDue = newest === undefined || now - newest.madeAt >= this.#schedule.sealsFor ||
      this.#wanted.has(domain);
    if (!isDue || ring.ownKeys.length >= mostKeysOfMaker) return undefined;
    // While there is no key to seal with, no worker waits for another.
    const first = ring.sealingKey() === undefined ? 0 : this.#schedule.activationDelay;
    const sealsIn = this.#waitsForOthers ? never : first;
    const key = makeAgingKey(this.#pool, this.#schedule, now, {
      domain,
      epoch: this.epochOf(domain),
      sealsIn,
      sealsOn: this.#waitsForOthers ? gatheringTime : 0,
    });
    if (key === undefined) return undefined;
    this.#wanted.delete(domain);
    ring.add([key]);
    return key;
  }

  /** To every sibling. */
  #spread(keys: readonly AgingKey[]): void {
    this.#sendTo(siblingsOf(this.#roster), keys);
  }

  #sendTo(members: readonly RosterMember[], keys: readonly AgingKey[] = this.#rings.keys): void {
    const now = this.#now();
    const living = keys.filter((key) => now < key.opensUntil);
    for (let at = 0; at < living.length; at += mostKeysInMessage) {
      const some = living.slice(at, at + mostKeysInMessage);
      for (const member of members) this.#sendSome(member, some, now);
    }
  }

  #sendSome({ id, publicKey }: RosterMember, keys: readonly AgingKey[], now: number): void {
    try {
      const passage = { from: this.#roster.self, to: id, serial: ++this.#serial };
      this.#post.send(id, sealKeys(this.#pool, publicKey, passage, keys, now));
    } catch (error) {
      this.#onRefused(id, error as Error);
    }
  }
}

function isAmong(name: Uint8Array, keys: readonly AgingKey[]): boolean {
  return keys.some((key) => key.name.toHex() === name.toHex());
}
