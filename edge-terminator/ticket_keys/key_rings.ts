import type { TicketKey, TicketKeyProvider } from "../tls/tickets/ticket_key_provider.ts";
import type { AgingKey } from "./aging_key.ts";
import { KeyRing, type KeyStatus } from "./key_ring.ts";

/** One ring for each ticket domain: no key of one domain is ever found in another. */
export class KeyRings implements TicketKeyProvider, Disposable {
  readonly #now: () => number;
  readonly #rings = new Map<string, KeyRing>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Domains that have had a key, in the order in which they came. */
  get domains(): readonly string[] {
    return [...this.#rings.keys()];
  }

  get keys(): readonly AgingKey[] {
    return [...this.#rings.values()].flatMap(({ keys }) => keys);
  }

  /** The domain's ring; an empty one where there was none. */
  of(domain: string): KeyRing {
    let ring = this.#rings.get(domain);
    if (ring === undefined) this.#rings.set(domain, ring = new KeyRing(this.#now));
    return ring;
  }

  sealingKey(domain: string): AgingKey | undefined {
    return this.#rings.get(domain)?.sealingKey();
  }

  openingKey(name: Uint8Array, domain: string): TicketKey | undefined {
    return this.#rings.get(domain)?.openingKey(name);
  }

  /** As {@link KeyRing.add}, each key into its own domain's ring. */
  add(keys: readonly AgingKey[]): number {
    let taken = 0;
    for (const [domain, ofDomain] of Map.groupBy(keys, (key) => key.domain)) {
      taken += this.of(domain).add(ofDomain);
    }
    return taken;
  }

  expire(): void {
    for (const ring of this.#rings.values()) ring.expire();
  }

  status(): KeyStatus[] {
    return [...this.#rings.values()].flatMap((ring) => ring.status());
  }

  [Symbol.dispose](): void {
    for (const ring of this.#rings.values()) ring[Symbol.dispose]();
    this.#rings.clear();
  }
}
