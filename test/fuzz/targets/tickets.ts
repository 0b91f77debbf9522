import { LocalTicketKeys } from "../../../edge-terminator/ticket_keys/local_ticket_keys.ts";
import { defaultTicketDomain } from "../../../edge-terminator/tls/tickets/ticket_key_provider.ts";
import { openTicket } from "../../../edge-terminator/tls/tickets/ticket.ts";
import { hashLength } from "../../../shared/libcrypto/digest.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { ByteSource } from "../byte_source.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { Driver } from "./handshake/driver.ts";
import { visit } from "./handshake/play.ts";
import { Tls13Actor } from "./handshake/tls13_actor.ts";

/** A ticket that is not exactly ours opens to nothing, without an error and without a block kept. */
class TicketSubject implements FuzzSubject {
  readonly #pool = LockedPool.open({ totalBytes: 64 * 256 });
  readonly #keys = new LocalTicketKeys({ pool: this.#pool });
  readonly seeds: readonly Uint8Array[];
  readonly #secretLength: number;

  constructor() {
    using driver = new Driver({ pool: this.#pool, tickets: { keys: this.#keys } }, "well");
    using client = visit(driver, new Tls13Actor(this.#pool, new ByteSource(new Uint8Array(0))));
    this.seeds = client.sessions.map(({ ticket }) => ticket);
    this.#secretLength = hashLength[client.sessions[0]!.suite.hash];
  }

  run(input: Uint8Array): string {
    const before = this.#pool.blocksInUse;
    const session = openTicket(this.#pool, this.#keys, defaultTicketDomain, input, this.#secretLength);
    session?.secret[Symbol.dispose]();
    promise(this.#pool.blocksInUse === before, "blocks were not returned");
    const ours = this.seeds.some((ticket) => sameBytes(ticket, input));
    promise(
      ours === (session !== undefined),
      ours ? "our own ticket does not open" : "a ticket that is not ours opened",
    );
    return ours ? "opened" : "not ours";
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
  }
}

export const ticketTarget: FuzzTarget = {
  name: "tickets",
  about: "session tickets that clients bring back",
  open: () => new TicketSubject(),
};
