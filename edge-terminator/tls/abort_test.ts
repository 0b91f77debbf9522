import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { AlertDescription, NamedGroup } from "../../shared/tls_constants.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { answer, TestServer, testSite } from "../../test/peer/test_server.ts";
import type { TlsServerEvent } from "./server_events.ts";

const questions: readonly TlsServerEvent["type"][] = [
  "client-hello",
  "encapsulation-needed",
  "signature-needed",
];

/** Drives a hybrid handshake with a HelloRetryRequest, one step at a time, and calls `at` in each state it passes. */
function drive(server: TestServer, client: ScriptedClient, at: (state: string) => boolean): void {
  const { engine } = server;
  const secret = server.pool.rent(32);
  using stack = new DisposableStack();
  stack.defer(() => secret.returned || secret[Symbol.dispose]());
  const steps: (() => void)[] = [
    () => client.receive(server.receive(client.start())),
    () => engine.answerSite(testSite),
    () => client.receive(server.drain()),
    () => server.receive(client.restart(NamedGroup.X25519MLKEM768)),
    () => engine.answerEncapsulation({ ciphertext: new Uint8Array(1088), sharedSecret: secret }),
    () => client.receive(server.drain()),
    () => engine.answerSignature(answer(server.event("signature-needed").request)),
    () => client.receive(server.drain()),
    () => server.receive(client.finished()),
    () => engine.send(new Uint8Array(10)),
    () => engine.close(),
  ];
  for (const step of steps) {
    if (!at(engine.state)) return;
    step();
  }
  at(engine.state);
}

function withPair(run: (server: TestServer, client: ScriptedClient) => void): void {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedClient({
    pool,
    fields: { groups: [NamedGroup.X25519MLKEM768], keyShares: [] },
    kemSecret: new Uint8Array(32),
  });
  using server = new TestServer({}, questions);
  run(server, client);
}

const states = new Set<string>();
withPair((server, client) => drive(server, client, (state) => (states.add(state), true)));

Deno.test("the drive below passes every state", () => {
  assert.deepEqual([...states], [
    "awaiting-client-hello",
    "awaiting-site",
    "awaiting-second-client-hello",
    "awaiting-encapsulation",
    "awaiting-signature",
    "awaiting-finished",
    "connected",
  ]);
});

for (const stop of states) {
  const endings: Readonly<Record<string, (server: TestServer) => void>> = {
    "an abort": ({ engine }) => engine.abort(AlertDescription.internal_error),
    "garbage of the peer": ({ engine }) => {
      engine.receive(new Uint8Array(300).fill(0xee));
      // A state that waits for our own side looks at it only once that side has given up.
      if (engine.state !== "failed") engine.abort(AlertDescription.internal_error);
    },
    "its owner's dispose": ({ engine }) => engine[Symbol.dispose](),
    "a close": ({ engine }) => {
      engine.close();
      engine[Symbol.dispose]();
    },
  };
  for (const [name, end] of Object.entries(endings)) {
    Deno.test(`${name} in ${stop} returns every block, and late answers are ignored`, () => {
      withPair((server, client) => {
        let ended = false;
        drive(server, client, (state) => {
          if (state !== stop) return true;
          end(server);
          ended = true;
          return false;
        });
        assert(ended);
        assert.equal(server.pool.blocksInUse, 0);
        const late = server.pool.rent(32);
        server.engine.answerEncapsulation({ ciphertext: new Uint8Array(1088), sharedSecret: late });
        server.engine.answerSite(testSite);
        server.engine.answerSignature(new Uint8Array(70));
        server.engine.failPrivateKeyOperation(new Error("late"));
        server.engine.receive(new Uint8Array(100));
        server.engine.send(new Uint8Array(1));
        assert.equal(server.pool.blocksInUse, 0);
      });
    });
  }
}

Deno.test("a private key operation that fails is internal_error to the client", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer({}, ["signature-needed"]);
  client.receive(server.receive(client.start()));
  server.engine.failPrivateKeyOperation(new Error("the key server is gone"));
  client.receive(server.drain());
  assert.equal(server.event("failed").alertSent, AlertDescription.internal_error);
  assert.deepEqual(client.alerts, [{ level: 2, description: AlertDescription.internal_error }]);
});

Deno.test("a pool that runs dry at any point of the handshake costs one connection and no block", () => {
  const outcomes = new Set<string>();
  for (let free = 0; free < 12; free++) {
    using pool = LockedPool.open({ totalBytes: 64 * 64 });
    using client = new ScriptedClient({ pool });
    using server = new TestServer();
    const rented = Array.from({ length: 64 - free }, () => server.pool.rent(1));
    const flight = server.receive(client.start());
    if (server.engine.state === "awaiting-finished") {
      client.receive(flight);
      server.receive(client.finished());
    }
    const { state } = server.engine;
    outcomes.add(state);
    server.engine[Symbol.dispose]();
    assert.equal(server.pool.blocksInUse, rented.length);
    for (const secret of rented) secret[Symbol.dispose]();
  }
  assert.deepEqual([...outcomes], ["failed", "connected"]);
});
