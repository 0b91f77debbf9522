import { never } from "../aging_key.ts";
import type { SharedTicketKeys } from "../sharing/shared_ticket_keys.ts";
import type { KnownMember } from "./known_member.ts";

/** Lets an own key seal once everybody who is live has had it for a while (S7). */
export class Activations {
  readonly #keys: Pick<SharedTicketKeys, "ownKeys" | "activate" | "sealingKey">;
  readonly #delay: number;
  /** Since when everybody has a key that waits; by its name. */
  readonly #completeSince = new Map<string, number>();

  /** `delay`: milliseconds from everybody's acknowledgement to the first ticket. */
  constructor(keys: Pick<SharedTicketKeys, "ownKeys" | "activate" | "sealingKey">, delay: number) {
    this.#keys = keys;
    this.#delay = delay;
  }

  /** Looks at a domain's keys; `members`: everybody who is live, undefined where nobody knows. */
  look(domain: string, members: readonly KnownMember[] | undefined, now: number): void {
    for (const { name, sealsFrom } of this.#keys.ownKeys(domain)) {
      if (sealsFrom !== never) continue;
      const id = name.toHex();
      if (members?.every((member) => member.holds(name)) !== true) {
        this.#completeSince.delete(id);
        continue;
      }
      const since = this.#completeSince.get(id) ?? now;
      this.#completeSince.set(id, since);
      // Alone, there is nobody whom a ticket could come to before the key does.
      const isAlone = members.length === 0 && this.#keys.sealingKey(domain) === undefined;
      if (!isAlone && now - since < this.#delay) continue;
      this.#completeSince.delete(id);
      this.#keys.activate(domain, name);
    }
  }

  /** Forgets keys that are no more; names in hexadecimal. */
  retain(names: ReadonlySet<string>): void {
    for (const id of this.#completeSince.keys()) if (!names.has(id)) this.#completeSince.delete(id);
  }
}
