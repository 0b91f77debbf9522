import { LocalTicketKeys } from "../../../../edge-terminator/ticket_keys/local_ticket_keys.ts";
import type {
  TicketKey,
  TicketKeyProvider,
} from "../../../../edge-terminator/tls/tickets/ticket_key_provider.ts";
import type { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import type { FlagValues } from "./flags.ts";
import { defaultTicketDomain } from "../../../../edge-terminator/tls/tickets/ticket_key_provider.ts";

/** The ticket keys of one test: they outlive its connections, as a server's do, and do as the flags say. */
export class ShimTicketKeys implements Disposable {
  readonly #pool: LockedPool;
  /** Newest first: all open tickets, the first one seals. */
  readonly #sets: LocalTicketKeys[] = [];

  constructor(pool: LockedPool) {
    this.#pool = pool;
    this.#renew();
  }

  /** For a connection with these flags. `-renew-ticket`: every ticket that comes is of an old key. */
  providerFor(flags: FlagValues): TicketKeyProvider {
    if (flags["renew-ticket"]) this.#renew();
    const sets = [...this.#sets];
    return {
      sealingKey: () => flags["skip-ticket"] ? undefined : sets[0]!.sealingKey(defaultTicketDomain),
      openingKey: (name) => find(sets, name),
    };
  }

  #renew(): void {
    this.#sets.unshift(new LocalTicketKeys({ pool: this.#pool }));
  }

  [Symbol.dispose](): void {
    for (const set of this.#sets) set[Symbol.dispose]();
  }
}

function find(sets: readonly LocalTicketKeys[], name: Uint8Array): TicketKey | undefined {
  return sets.map((set) => set.openingKey(name, defaultTicketDomain)).find((key) => key !== undefined);
}
