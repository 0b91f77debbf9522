import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { AlertDescription } from "../../../shared/tls_constants.ts";
import { ClientPki } from "../../../test/harness/client_pki.ts";
import {
  certificateMessage,
  certificateTls12Message,
  certificateVerifyMessage,
} from "../../../test/peer/client_certificate.ts";
import { ScriptedClient } from "../../../test/peer/scripted_client.ts";
import { ScriptedTls12Client } from "../../../test/peer/scripted_tls12_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";

const pki = await ClientPki.create();
const identity = await pki.issue();

/** A client's steps after the server's flight, with the verdict between them. */
type Drive = (server: TestServer, pool: LockedPool, at: (state: string) => boolean) => void;

function takeSteps(server: TestServer, steps: readonly (() => unknown)[], at: (state: string) => boolean) {
  for (const step of steps) {
    if (!at(server.engine.state)) return;
    step();
  }
}

const accept = ({ engine }: TestServer) => engine.answerVerification({ accepted: true });

const drives: Readonly<Record<string, Drive>> = {
  "TLS 1.3": (server, pool, at) => {
    using client = new ScriptedClient({ pool });
    client.receive(server.receive(client.start()));
    takeSteps(server, [
      () => server.receive(client.handshake(certificateMessage(identity.chain))),
      () => accept(server),
      () => server.receive(client.handshake(certificateVerifyMessage(identity, client.signedContent))),
      () => server.receive(client.finished()),
    ], at);
  },
  "TLS 1.2": (server, pool, at) => {
    using client = new ScriptedTls12Client(pool);
    client.receive(server.receive(client.start()));
    takeSteps(server, [
      () => server.receive(client.handshake(certificateTls12Message(identity.chain))),
      () => accept(server),
      () => server.receive(client.clientKeyExchange()),
      () => server.receive(client.handshake(certificateVerifyMessage(identity, client.signedContent))),
      () => server.receive(client.changeCipherSpec()),
    ], at);
  },
};

function drive(version: string, at: (state: string, server: TestServer) => boolean): void {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using server = new TestServer({}, ["verification-needed"]);
  server.site = { ...testSite, clientCertificates: { mode: "required" } };
  drives[version]!(server, pool, (state) => at(state, server));
}

const states = new Map(
  Object.keys(drives).map((version) => {
    const seen: string[] = [];
    drive(version, (state) => seen.push(state) > 0);
    return [version, seen];
  }),
);

Deno.test("the drives below pass every state of client authentication", () => {
  assert.deepEqual(Object.fromEntries(states), {
    "TLS 1.3": [
      "awaiting-client-certificate",
      "awaiting-peer-verification",
      "awaiting-certificate-verify",
      "awaiting-finished",
    ],
    "TLS 1.2": [
      "awaiting-tls12-client-certificate",
      "awaiting-peer-verification",
      "awaiting-client-key-exchange",
      "awaiting-tls12-certificate-verify",
      "awaiting-change-cipher-spec",
    ],
  });
});

const endings: Readonly<Record<string, (server: TestServer) => void>> = {
  "an abort": ({ engine }) => engine.abort(AlertDescription.internal_error),
  "its owner's dispose": ({ engine }) => engine[Symbol.dispose](),
  "a close": ({ engine }) => {
    engine.close();
    engine[Symbol.dispose]();
  },
};

for (const [version, stops] of states) {
  for (const stop of stops) {
    for (const [name, end] of Object.entries(endings)) {
      Deno.test(`${version}: ${name} in ${stop} returns every block, and a late verdict is ignored`, () => {
        let blocks = -1;
        drive(version, (state, server) => {
          if (state !== stop) return true;
          end(server);
          blocks = server.pool.blocksInUse;
          accept(server);
          server.engine.answerVerification(new Error("late"));
          return false;
        });
        assert.equal(blocks, 0);
      });
    }
  }
}
