import type { TicketMember } from "../../../shared/control_protocol/ticket_messages.ts";

/** Milliseconds until what a member has not acknowledged is sent again: doubled each time, up to the longest. */
export const firstPause = 500;
export const longestPause = 10_000;

/** Another edge, verified, and what of this one's it has. */
export class KnownMember {
  readonly instance: string;
  readonly edge: string;
  /** X25519. */
  readonly publicKey: Uint8Array;
  /** When the key was announced, in milliseconds of the Unix epoch by the member's clock, and by which hub it came. */
  readonly madeAt: number;
  readonly source: number;
  /** Of this edge's keys, by their names in hexadecimal. */
  readonly #holds = new Set<string>();
  readonly #sent = new Set<string>();
  /** Its own keys that it has yet to be told of that they are here. */
  readonly owed = new Map<string, Uint8Array>();
  #sentAt = -Infinity;
  #pause = firstPause;

  constructor({ instance, edge, announcement }: TicketMember, source: number) {
    this.source = source;
    this.instance = instance;
    this.edge = edge;
    this.publicKey = Uint8Array.fromBase64(announcement.publicKey);
    this.madeAt = announcement.madeAt;
  }

  /** Whether the announcement says nothing new: the same again, or an earlier one that another hub still has. */
  isAnnouncedBy({ publicKey, madeAt }: TicketMember["announcement"], source: number): boolean {
    return publicKey === this.publicKey.toBase64() || (source !== this.source && madeAt <= this.madeAt);
  }

  holds(name: Uint8Array): boolean {
    return this.#holds.has(name.toHex());
  }

  acknowledged(names: readonly Uint8Array[]): void {
    for (const name of names) if (this.#sent.has(name.toHex())) this.#holds.add(name.toHex());
  }

  /** Whether these keys, which it has not acknowledged, are to be sent now. */
  isDue(names: readonly Uint8Array[], now: number): boolean {
    return names.some((name) => !this.#sent.has(name.toHex())) || now - this.#sentAt >= this.#pause;
  }

  sent(names: readonly Uint8Array[], now: number): void {
    const isNew = names.some((name) => !this.#sent.has(name.toHex()));
    this.#pause = isNew ? firstPause : Math.min(2 * this.#pause, longestPause);
    this.#sentAt = now;
    for (const name of names) this.#sent.add(name.toHex());
  }

  /** Forgets keys that are no more. */
  retain(names: ReadonlySet<string>): void {
    for (const name of this.#sent) {
      if (names.has(name)) continue;
      this.#sent.delete(name);
      this.#holds.delete(name);
    }
  }
}
