import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { AlertDescription } from "../../../shared/tls_constants.ts";
import { ScriptedTls12Client } from "../../../test/peer/scripted_tls12_client.ts";
import { answer, TestServer, testSite } from "../../../test/peer/test_server.ts";

interface Pair {
  readonly client: ScriptedTls12Client;
  readonly server: TestServer;
}

const states = new Set<string>();

/** Drives a handshake one step at a time and calls `at` in each state it passes. */
function drive({ client, server }: Pair, at: (state: string) => boolean): void {
  const { engine } = server;
  const steps = [
    () => client.receive(server.receive(client.start())),
    () => engine.answerSite(testSite),
    () => client.receive(server.drain()),
    () => engine.answerSignature(answer(server.event("signature-needed").request)),
    () => client.receive(server.drain()),
    () => server.receive(client.clientKeyExchange()),
    () => server.receive(client.changeCipherSpec()),
    () => client.receive(server.receive(client.finished())),
  ];
  for (const step of steps) {
    if (!at(engine.state)) return;
    step();
  }
  at(engine.state);
}

function driveTo(at: (state: string, pair: Pair) => boolean): void {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedTls12Client(pool);
  using server = new TestServer({}, ["client-hello", "signature-needed"]);
  drive({ client, server }, (state) => at(state, { client, server }));
}

driveTo((state) => (states.add(state), true));

Deno.test("TLS 1.2: the drive below passes every state", () => {
  assert.deepEqual([...states], [
    "awaiting-client-hello",
    "awaiting-site",
    "awaiting-key-exchange-signature",
    "awaiting-client-key-exchange",
    "awaiting-change-cipher-spec",
    "awaiting-tls12-finished",
    "connected",
  ]);
});

for (const stop of states) {
  for (
    const [name, end] of [
      ["an abort", (server: TestServer) => server.engine.abort(AlertDescription.internal_error)],
      ["its owner's dispose", (server: TestServer) => server.engine[Symbol.dispose]()],
    ] as const
  ) {
    Deno.test(`TLS 1.2: ${name} in ${stop} returns every block`, () => {
      let blocks = -1;
      driveTo((state, { server }) => {
        if (state !== stop) return true;
        end(server);
        blocks = server.pool.blocksInUse;
        return false;
      });
      assert.equal(blocks, 0);
    });
  }
}
