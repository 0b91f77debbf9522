import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { TicketKey } from "../../tls/tickets/ticket_key_provider.ts";
import { type AgingKey, makeAgingKey } from "../aging_key.ts";
import { SiblingMessageError } from "../errors.ts";
import { keyClock } from "../key_clock.ts";
import { KeyRing, type KeyStatus } from "../key_ring.ts";
import { type TicketKeySchedule, ticketKeySchedule } from "../schedule.ts";
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
import { messageKind, openKeys, sealKeys } from "./sealed_keys.ts";

export interface SharedTicketKeysOptions {
  readonly pool: LockedPool;
  readonly post: SiblingPost;
  /** Laid over the default; counts while this worker owns the set, and shortens the times of keys that come. */
  readonly schedule?: Partial<TicketKeySchedule>;
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
  readonly #ring: KeyRing;
  readonly #mailbox: MailboxKey;
  readonly #ready = Promise.withResolvers<void>();
  readonly #lastSerials = new Map<number, number>();
  #serial = 0;
  #askedAt = -Infinity;
  #roster = emptyRoster;

  /** Joins the siblings. Throws TicketKeyScheduleError. */
  constructor({ pool, post, schedule, now = keyClock(), onRefused = () => {} }: SharedTicketKeysOptions) {
    this.#pool = pool;
    this.#post = post;
    this.#schedule = ticketKeySchedule(schedule);
    this.#now = now;
    this.#onRefused = onRefused;
    this.#ring = new KeyRing(now);
    this.#mailbox = new MailboxKey(now());
    post.join(this.#mailbox.publicKey);
  }

  /** Resolves when there is a set: the siblings', or one of its own for the first worker of all. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  sealingKey(): TicketKey | undefined {
    return this.#ring.sealingKey();
  }

  openingKey(name: Uint8Array): TicketKey | undefined {
    return this.#ring.openingKey(name);
  }

  status(): KeyStatus[] {
    return this.#ring.status();
  }

  tick(): void {
    this.#ring.expire();
    if (isOwner(this.#roster)) {
      if (this.#makeDue()) this.#sendTo(siblingsOf(this.#roster));
    } else if (this.#isOverdue()) this.ask();
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
      const hasNews = this.#makeDue() || !isOwner(before);
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
    this.#ring[Symbol.dispose]();
    this.#mailbox[Symbol.dispose]();
  }

  #take(from: number, message: Uint8Array): void {
    const passage = { from, to: this.#roster.self, after: this.#lastSerials.get(from) ?? 0 };
    const { serial, keys } = this.#open(passage, message);
    this.#lastSerials.set(from, serial);
    const taken = this.#ring.add(keys.map((key) => this.#shortened(key)));
    if (this.#ring.keys.length > 0) this.#ready.resolve();
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
    const madeAt = this.#ring.keys[0]?.madeAt ?? -Infinity;
    return now - madeAt > this.#schedule.sealsFor + askInterval && now - this.#askedAt > askInterval;
  }

  /** Says whether a key was due. */
  #makeDue(): boolean {
    const now = this.#now();
    const newest = this.#ring.keys[0];
    if (newest !== undefined && now - newest.madeAt < this.#schedule.sealsFor) return false;
    const key = makeAgingKey(this.#pool, this.#schedule, now, this.#ring.sealingKey() === undefined);
    if (key === undefined) return false;
    this.#ring.add([key]);
    this.#ready.resolve();
    return true;
  }

  #sendTo(members: readonly RosterMember[]): void {
    const now = this.#now();
    const keys = this.#ring.keys.filter((key) => now < key.opensUntil);
    if (keys.length === 0) return;
    for (const { id, publicKey } of members) {
      try {
        const passage = { from: this.#roster.self, to: id, serial: ++this.#serial };
        this.#post.send(id, sealKeys(this.#pool, publicKey, passage, keys, now));
      } catch (error) {
        this.#onRefused(id, error as Error);
      }
    }
  }
}
