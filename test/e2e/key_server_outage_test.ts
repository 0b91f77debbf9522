import assert from "node:assert/strict";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { greeting } from "../harness/http_backend.ts";
import { poll } from "../harness/poll.ts";
import { withSystem } from "../harness/system.ts";
import { TlsSession } from "./tls_session.ts";

Deno.test("a key server that dies mid-handshake costs that client an internal_error within the deadline", async () => {
  await withSystem({ edge: { limits: { key_operation_deadline_ms: 1500 } } }, async (system) => {
    // Stopped, it takes the request and answers nothing; killed, it closes the channel under the request.
    system.keyServer.signal("SIGSTOP");
    const waiting = opensslClient(system.endpoint, { deadline: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await system.keyServer.kill();
    const { alert, output } = await waiting;
    assert.equal(alert, 80, output);
    assert(system.edge.running);

    const silent = await opensslClient(system.endpoint, { deadline: 10_000 });
    assert.equal(silent.alert, 80, "with no key server at all: the same alert");
  });
});

Deno.test("a key server that returns is used within 2 s, and established connections never noticed", async () => {
  await withSystem({}, async (system) => {
    await using established = await TlsSession.open(system.endpoint);
    assert.match(await established.get("/headers"), /200 OK/);

    await system.keyServer.kill();
    assert.equal((await opensslClient(system.endpoint)).verified, false, "no key server, no handshake");
    assert.match(await established.get("/headers"), /200 OK/);

    await system.keyServer.restart();
    await system.keyServer.ready();
    await poll("an edge that serves again", async () => {
      const { verified, response } = await opensslClient(system.endpoint);
      return verified && response.endsWith(greeting);
    }, 2000);
    assert.match(await established.get("/headers"), /200 OK/);
  });
});

Deno.test("with two key servers, one may die at any time: no handshake fails", async () => {
  await withSystem({}, async (system) => {
    await using second = await system.installation.startKeyServer({ index: 1 });
    await using edge = await system.installation.startEdge({
      index: 1,
      patch: { key_server: [system.installation.keyServerEntry(0), system.installation.keyServerEntry(1)] },
    });
    const endpoint = { ...system.endpoint, ...system.installation.address("edge", 1) };
    assert((await opensslClient(endpoint)).verified);
    await system.keyServer.kill();
    for (let handshake = 0; handshake < 10; handshake++) {
      const result = await opensslClient(endpoint);
      assert(result.verified, result.output);
    }
    assert(await second.metric("holdfast_key_server_operations_total", { operation: "sign-tls13" }) >= 10);
    assert(edge.running);
  });
});
