import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { ClientPki } from "../../../test/harness/client_pki.ts";
import { certificateTls12Message, certificateVerifyMessage } from "../../../test/peer/client_certificate.ts";
import { ScriptedTls12Client, type Tls12ClientSession } from "../../../test/peer/scripted_tls12_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";
import { LocalSessionCache } from "../sessions/local_session_cache.ts";
import type { ClientCertificatePolicy } from "./policy.ts";

const pki = await ClientPki.create();
const identity = await pki.issue();
const stillHolds = () => true;
const required: ClientCertificatePolicy = { mode: "required", stillHolds };
const optional: ClientCertificatePolicy = { mode: "optional", stillHolds };

/** TLS 1.2 connections to one name, resumed by session id, whose site may change its mind about client certificates. */
class World implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 256 });
  readonly cache = new LocalSessionCache({ pool: this.pool, capacity: 8, now: () => 0 });
  readonly #stack = new DisposableStack();

  connect(policy: ClientCertificatePolicy | undefined, session?: Tls12ClientSession) {
    const client = this.#stack.use(new ScriptedTls12Client(this.pool, { serverName: "a.test" }, session));
    const server = this.#stack.use(
      new TestServer({ sessions: { cache: this.cache }, wallClock: () => 0 }),
    );
    server.site = policy === undefined ? testSite : { ...testSite, clientCertificates: policy };
    client.receive(server.receive(client.start()));
    const isAsked = server.engine.state === "awaiting-tls12-client-certificate";
    if (isAsked) server.receive(client.handshake(certificateTls12Message(identity.chain)));
    if (server.engine.state === "awaiting-client-key-exchange") server.receive(client.clientKeyExchange());
    if (isAsked) server.receive(client.handshake(certificateVerifyMessage(identity, client.signedContent)));
    server.receive(client.changeCipherSpec());
    client.receive(server.receive(client.finished()));
    return { client, isAsked, parameters: server.event("handshake-complete").parameters };
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.cache[Symbol.dispose]();
    const { blocksInUse } = this.pool;
    this.pool[Symbol.dispose]();
    assert.equal(blocksInUse, 0);
  }
}

Deno.test("TLS 1.2: a resumption by session id tells the same client, without asking it again", () => {
  using world = new World();
  const first = world.connect(required);
  const second = world.connect(required, first.client.session);
  assert.deepEqual([second.parameters.resumed, second.isAsked], [true, false]);
  assert.deepEqual(second.parameters.peer?.chain, identity.chain);
  assert.deepEqual(second.parameters.peer, first.parameters.peer);
});

const crossings: readonly [
  string,
  ClientCertificatePolicy | undefined,
  ClientCertificatePolicy | undefined,
][] = [
  ["from a site that asks for nothing to one that requires", undefined, required],
  ["from a site where it is optional to one that requires", optional, required],
  ["from a site that requires to one that asks for nothing", required, undefined],
  ["to a site with other schemes", required, { ...required, signatureSchemes: [0x0403] }],
  ["of a chain that holds no more", required, { ...required, stillHolds: () => false }],
];

for (const [name, from, to] of crossings) {
  Deno.test(`TLS 1.2: no session id resumes a session ${name}`, () => {
    using world = new World();
    const { client } = world.connect(from);
    const { parameters, isAsked } = world.connect(to, client.session);
    assert.deepEqual([parameters.resumed, isAsked], [false, to !== undefined]);
  });
}

Deno.test("TLS 1.2: where nobody can judge a chain again, the session is not kept", () => {
  using world = new World();
  const policy: ClientCertificatePolicy = { mode: "required" };
  const { client } = world.connect(policy);
  assert.equal(world.connect(policy, client.session).parameters.resumed, false);
});
