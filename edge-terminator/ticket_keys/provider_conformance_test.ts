import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { ByteReader } from "../../shared/codec/byte_reader.ts";
import { hkdfExpand } from "../../shared/libcrypto/hkdf.ts";
import { randomSecret } from "../../shared/libcrypto/random.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import type { TicketKey, TicketKeyProvider } from "../tls/tickets/ticket_key_provider.ts";
import { type ProviderUnderTest, ticketKeyConformance } from "./testing/provider_conformance.ts";
import { fileProvider, hubProvider, localProvider, sharedProvider } from "./testing/staged_providers.ts";

ticketKeyConformance("random, of one process", localProvider);
ticketKeyConformance("shared by siblings", sharedProvider);
ticketKeyConformance("shared with other edges", hubProvider);
ticketKeyConformance("nginx files of 80 bytes", () => fileProvider("nginx", 80));
ticketKeyConformance("nginx files of 48 bytes", () => fileProvider("nginx", 48));
ticketKeyConformance("an HAProxy file of 80 bytes a line", () => fileProvider("haproxy", 80));
ticketKeyConformance("an HAProxy file of 48 bytes a line", () => fileProvider("haproxy", 48));
ticketKeyConformance("a third party's", () => new NumberedKeys());

/** Somebody else's idea: keys expanded from one seed by their number, with no more than the interface to go by. */
class NumberedKeys implements TicketKeyProvider, ProviderUnderTest {
  readonly pool = LockedPool.open({ totalBytes: 64 * 64 });
  readonly keys = this;
  readonly #seed: Secret = randomSecret(this.pool, 32);
  #held: (TicketKey & { readonly number: number })[] = [];
  #number = 0;

  constructor() {
    this.renew();
  }

  sealingKey(): TicketKey {
    return this.#held.at(-1)!;
  }

  openingKey(name: Uint8Array): TicketKey | undefined {
    if (name.length !== 16) return undefined;
    const reader = new ByteReader(name);
    const number = reader.u32();
    return this.#held.find((key) => key.number === number && key.name.every((byte, at) => byte === name[at]));
  }

  renew(): void {
    const number = ++this.#number;
    const info = new Uint8Array(16);
    new DataView(info.buffer).setUint32(0, number);
    this.#held.push({ number, name: info, secret: hkdfExpand(this.pool, "sha256", this.#seed, info, 32) });
  }

  retire(): void {
    for (const key of this.#held.splice(0, this.#held.length - 2)) key.secret[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const key of this.#held.splice(0)) key.secret[Symbol.dispose]();
    this.#seed[Symbol.dispose]();
  }
}
