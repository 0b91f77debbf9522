import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { type ClientSession, ScriptedClient } from "../../../test/peer/scripted_client.ts";
import { TestServer } from "../../../test/peer/test_server.ts";
import { LocalTicketKeys } from "../../ticket_keys/local_ticket_keys.ts";

Deno.test("the owner is told how far the client's idea of its ticket's age is off", () => {
  using pool = LockedPool.open({ totalBytes: 64 * 256 });
  using stack = new DisposableStack();
  const keys = new LocalTicketKeys({ pool });
  stack.defer(() => keys[Symbol.dispose]());
  let now = 1_000_000;
  const connect = (session?: ClientSession) => {
    const client = stack.use(new ScriptedClient({ pool, ...(session && { session }) }));
    using server = new TestServer({ tickets: { keys }, wallClock: () => now });
    client.receive(server.receive(client.start()));
    client.receive(server.receive(client.finished()));
    return { client, parameters: server.event("handshake-complete").parameters };
  };
  const { client, parameters } = connect();
  assert.equal(parameters.ticketAgeSkew, undefined);
  now += 3000;
  // The scripted client says ageAdd alone: an age of zero.
  const session = client.sessions[0]!;
  assert.equal(connect(session).parameters.ticketAgeSkew, -3000);
  assert.equal(connect({ ...session, ageAdd: session.ageAdd + 5000 >>> 0 }).parameters.ticketAgeSkew, 2000);
});
