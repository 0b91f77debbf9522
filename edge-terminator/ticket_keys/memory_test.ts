import assert from "node:assert/strict";
import { randomSecret } from "../../shared/libcrypto/random.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { openTicket, sealTicket } from "../tls/tickets/ticket.ts";
import { LocalTicketKeys } from "./local_ticket_keys.ts";
import { ticketState } from "./testing/provider_conformance.ts";
import { defaultTicketDomain } from "../tls/tickets/ticket_key_provider.ts";

const MiB = 1 << 20;

Deno.test("L9: memory is flat after 100,000 tickets issued and opened, over several keys", () => {
  let now = 0;
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using keys = new LocalTicketKeys({ pool, now: () => now });
  using secret = randomSecret(pool, 32);
  const issue = (count: number) => {
    for (let index = 0; index < count; index++) {
      if (index % 10_000 === 0) {
        now += 12 * 3600_000;
        keys.tick();
      }
      openTicket(
        pool,
        keys,
        defaultTicketDomain,
        sealTicket(keys, defaultTicketDomain, ticketState, secret)!,
        secret.length,
      )!.secret[Symbol.dispose]();
    }
  };
  issue(40_000);
  const blocks = pool.blocksInUse;
  const before = Deno.memoryUsage().rss;
  issue(100_000);
  assert.equal(pool.blocksInUse, blocks);
  // One ticket alone is 200 bytes: kept, these would be 20 MiB and more.
  const growth = Deno.memoryUsage().rss - before;
  assert(growth < 10 * MiB, `resident memory grew by ${growth} bytes`);
});
