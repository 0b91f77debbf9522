import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { ContentType, HandshakeType, KeyUpdateRequest } from "../../shared/tls_constants.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { TestServer } from "../../test/peer/test_server.ts";
import type { TlsServerOptions } from "./server_options.ts";

function connect(options: Omit<TlsServerOptions, "pool"> = {}) {
  const stack = new DisposableStack();
  const pool = stack.use(LockedPool.open({ totalBytes: 64 * 64 }));
  const client = stack.use(new ScriptedClient({ pool }));
  const server = stack.use(new TestServer(options));
  client.receive(server.receive(client.start()));
  client.receive(server.receive(client.finished()));
  return { client, server, [Symbol.dispose]: () => stack.dispose() };
}

const keyUpdates = (client: ScriptedClient) =>
  client.messageTypes.filter((type) => type === HandshakeType.key_update).length;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (content: string) => new TextEncoder().encode(content);

Deno.test("L15: a KeyUpdate of the peer is followed, and answered when it asks", () => {
  using pair = connect();
  const { client, server } = pair;
  const blocks = server.pool.blocksInUse;
  client.receive(server.receive(client.keyUpdate()));
  assert.equal(keyUpdates(client), 0);
  client.receive(server.receive(client.keyUpdate(KeyUpdateRequest.update_requested)));
  assert.equal(keyUpdates(client), 1);
  server.receive(client.seal(ContentType.application_data, bytes("after two updates")));
  assert.equal(text(server.received), "after two updates");
  server.engine.send(bytes("and back"));
  client.receive(server.drain());
  assert.equal(text(client.received), "and back");
  assert.equal(server.pool.blocksInUse, blocks, "the old secrets are gone");
});

Deno.test("L15: our key is renewed by bytes", () => {
  using pair = connect({ keyUpdate: { bytes: 40_000 } });
  const data = new Uint8Array(100_000).map((_, index) => index);
  pair.server.engine.send(data);
  pair.client.receive(pair.server.drain());
  assert.deepEqual(pair.client.received, data);
  assert.equal(keyUpdates(pair.client), 2);
});

Deno.test("L15: our key is renewed by records", () => {
  using pair = connect({ keyUpdate: { records: 5 } });
  for (let count = 0; count < 12; count++) pair.server.engine.send(bytes("x"));
  pair.client.receive(pair.server.drain());
  assert.equal(pair.client.received.length, 12);
  assert.equal(keyUpdates(pair.client), 2);
});

Deno.test("L15: our key is renewed by time", () => {
  let now = 0;
  using pair = connect({ keyUpdate: { milliseconds: 1000 }, now: () => now });
  pair.server.engine.send(bytes("young"));
  now = 1000;
  pair.server.engine.send(bytes(", old"));
  pair.client.receive(pair.server.drain());
  assert.equal(text(pair.client.received), "young, old");
  assert.equal(keyUpdates(pair.client), 1);
});

Deno.test("L15: after our close_notify a request to renew is not answered", () => {
  using pair = connect();
  pair.server.engine.close();
  pair.server.drain();
  assert.equal(pair.server.receive(pair.client.keyUpdate(KeyUpdateRequest.update_requested)), undefined);
  assert.equal(pair.server.engine.state, "connected");
});
