import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { CipherSuite, ProtocolVersion } from "../../../shared/tls_constants.ts";
import { type ClientSession, ScriptedClient } from "../../../test/peer/scripted_client.ts";
import { TestServer } from "../../../test/peer/test_server.ts";
import { LocalTicketKeys } from "../../ticket_keys/local_ticket_keys.ts";
import type { SessionState } from "./session_state.ts";
import { sealedTickets, type TicketFormat } from "./ticket_format.ts";

/** Whether a ticket resumes when the format opens it with this change to its state. */
function resumesWith(change: Partial<SessionState>): boolean {
  using pool = LockedPool.open({ totalBytes: 64 * 256 });
  using stack = new DisposableStack();
  const keys = new LocalTicketKeys({ pool });
  stack.defer(() => keys[Symbol.dispose]());
  const format: TicketFormat = {
    seal: (...given) => sealedTickets.seal(...given)?.reverse(),
    open(pool, keys, domain, ticket, secretLength) {
      const session = sealedTickets.open(pool, keys, domain, ticket.toReversed(), secretLength);
      return session && { ...session, state: { ...session.state, ...change } };
    },
  };
  const connect = (session?: ClientSession) => {
    const client = stack.use(new ScriptedClient({ pool, ...(session && { session }) }));
    using server = new TestServer({ tickets: { keys, format } });
    client.receive(server.receive(client.start()));
    client.receive(server.receive(client.finished()));
    return { client, parameters: server.event("handshake-complete").parameters };
  };
  const { client } = connect();
  return connect(client.sessions[0]).parameters.resumed;
}

Deno.test("tickets of another format resume", () => {
  assert(resumesWith({}));
});

Deno.test("what a format opens is held to version, suite, name and epoch", () => {
  assert(!resumesWith({ version: ProtocolVersion.TLSv1_2 }));
  assert(!resumesWith({ cipherSuite: CipherSuite.TLS_AES_256_GCM_SHA384 }));
  assert(!resumesWith({ cipherSuite: 0x1399 }));
  assert(!resumesWith({ serverName: "other.test" }));
  assert(!resumesWith({ epoch: 1 }));
  assert(!resumesWith({ lifetime: 0 }));
});
