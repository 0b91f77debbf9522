import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { AlertDescription } from "../../shared/tls_constants.ts";
import type { HelloFields } from "./hello_builder.ts";
import { ScriptedClient } from "./scripted_client.ts";
import { TestServer } from "./test_server.ts";

type AlertName = keyof typeof AlertDescription;

export interface Pair {
  readonly client: ScriptedClient;
  readonly server: TestServer;
}

/** Runs `act` on a fresh pair and checks what the server said to it. The server's pool is checked on disposal. */
export function expectAlert(
  name: string,
  alert: AlertName,
  reason: string,
  act: (pair: Pair) => void,
  fields: Partial<HelloFields> = {},
) {
  Deno.test(`${name} is refused with ${alert}`, () => {
    using pool = LockedPool.open({ totalBytes: 64 * 64 });
    using client = new ScriptedClient({ pool, fields });
    using server = new TestServer();
    act({ client, server });
    const failed = server.event("failed");
    assert.equal(failed.alertSent, AlertDescription[alert], failed.error.message);
    assert.equal(failed.error.reason, reason);
    assert.equal(server.engine.state, "failed");
    assert.equal(server.pool.blocksInUse, 0);
  });
}

/** Both sides up to the server's Finished. */
export const startHandshake = ({ client, server }: Pair): void =>
  client.receive(server.receive(client.start()));
/** Both sides connected. */
export const completeHandshake = (pair: Pair): void => {
  startHandshake(pair);
  pair.client.receive(pair.server.receive(pair.client.finished()));
  assert.equal(pair.server.engine.state, "connected");
};
