import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { NamedGroup } from "../../shared/tls_constants.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { TestServer } from "../../test/peer/test_server.ts";

/** How many change_cipher_specs a client with this session id gets, with a HelloRetryRequest or without. */
function changeCipherSpecs(
  sessionIdLength: number,
  alwaysSendsChangeCipherSpec: boolean,
  retry: boolean,
): number {
  using pool = LockedPool.open({ totalBytes: 8192 });
  const fields = {
    sessionId: new Uint8Array(sessionIdLength),
    groups: [NamedGroup.x25519, NamedGroup.secp384r1],
  };
  const shareGroups = [retry ? NamedGroup.secp384r1 : NamedGroup.x25519];
  using client = new ScriptedClient({ pool, fields, shareGroups });
  using server = new TestServer({ alwaysSendsChangeCipherSpec });
  client.receive(server.receive(client.start()));
  if (retry) client.receive(server.receive(client.restart(NamedGroup.x25519)));
  server.receive(client.finished());
  assert.equal(server.engine.state, "connected");
  return client.changeCipherSpecs;
}

for (const retry of [false, true]) {
  const after = retry ? " after a HelloRetryRequest" : "";
  Deno.test(`one change_cipher_spec goes to clients with a session id, or to all where the options say so${after}`, () => {
    assert.equal(changeCipherSpecs(32, false, retry), 1);
    assert.equal(changeCipherSpecs(0, false, retry), 0);
    assert.equal(changeCipherSpecs(0, true, retry), 1);
  });
}
