import { setTimeout } from "node:timers";
import type { TicketLink } from "../control/ticket_messages.ts";
import type { DomainRoster } from "./domain_roster.ts";

/**
 * Tells one member who is live in its domains.
 *
 * One message is under way at a time, made when the member can take it: what changes while it reads is one message later.
 */
export class MemberPushes {
  /** What it was told of each domain: its tag, and the epoch. */
  readonly #told = new Map<string, { readonly tag: string; readonly epoch: number }>();
  #link: TicketLink | undefined;
  #rosters: (() => readonly DomainRoster[]) | undefined;
  #isSending = false;

  /** Domains that it was told of, with the epochs. */
  get told(): ReadonlyMap<string, { readonly epoch: number }> {
    return this.#told;
  }

  /** A new connection knows of nothing. */
  connect(link: TicketLink | undefined): void {
    this.#link = link;
    this.#told.clear();
  }

  /** `rosters`: of its domains, as they are when they are asked for. `pushed` is called for each message. */
  changed(rosters: () => readonly DomainRoster[], pushed: () => void): void {
    this.#rosters = rosters;
    if (this.#isSending || this.#link === undefined) return;
    this.#isSending = true;
    setTimeout(() => this.#sendAll(pushed), 0);
  }

  async #sendAll(pushed: () => void): Promise<void> {
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const link = this.#link!;
        this.#told.set(next.domain, { tag: next.tagFor(link.instance), epoch: next.epoch });
        pushed();
        await link.send(next.messageTo(link.instance));
        await new Promise((resolve) => setTimeout(resolve, 0)); // signatures come first
      }
    } finally {
      this.#isSending = false;
    }
  }

  #next(): DomainRoster | undefined {
    const link = this.#link;
    if (link === undefined || !link.isOpen) return undefined;
    return this.#rosters?.().find((roster) =>
      this.#told.get(roster.domain)?.tag !== roster.tagFor(link.instance)
    );
  }
}
