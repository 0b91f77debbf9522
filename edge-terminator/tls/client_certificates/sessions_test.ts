import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { HandshakeType } from "../../../shared/tls_constants.ts";
import { type ClientIdentity, ClientPki } from "../../../test/harness/client_pki.ts";
import { certificateMessage, certificateVerifyMessage } from "../../../test/peer/client_certificate.ts";
import { type ClientSession, ScriptedClient } from "../../../test/peer/scripted_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";
import { LocalTicketKeys } from "../../ticket_keys/local_ticket_keys.ts";
import type { TlsSite } from "../site.ts";
import type { ClientCertificatePolicy } from "./policy.ts";

const hour = 3600 * 1000;
const pki = await ClientPki.create();
const identity = await pki.issue();
const stillHolds = () => true;
const required: ClientCertificatePolicy = { mode: "required", stillHolds };
const optional: ClientCertificatePolicy = { mode: "optional", stillHolds };

/** Connections to one name, whose site may change its mind about client certificates. */
class World implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 256 });
  now = 1_000_000;
  readonly keys = new LocalTicketKeys({ pool: this.pool, now: () => this.now });
  readonly #stack = new DisposableStack();

  /** Connects, with the identity where one is asked for. */
  connect(
    policy: ClientCertificatePolicy | undefined,
    session?: ClientSession,
    shown: Pick<ClientIdentity, "chain"> = identity,
  ) {
    const client = this.#stack.use(
      new ScriptedClient({
        pool: this.pool,
        fields: { serverName: "a.test" },
        ...(session === undefined ? {} : { session }),
      }),
    );
    using server = new TestServer({ tickets: { keys: this.keys }, wallClock: () => this.now });
    const site: TlsSite = policy === undefined ? testSite : { ...testSite, clientCertificates: policy };
    server.site = site;
    client.receive(server.receive(client.start()));
    const isAsked = client.messageTypes.includes(HandshakeType.certificate_request);
    if (isAsked) {
      server.receive(client.handshake(certificateMessage(shown.chain)));
      if (shown.chain.length > 0) {
        server.receive(client.handshake(certificateVerifyMessage(identity, client.signedContent)));
      }
    }
    client.receive(server.receive(client.finished()));
    const { parameters } = server.event("handshake-complete");
    return { client, isAsked, parameters, sessions: client.sessions };
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.keys[Symbol.dispose]();
    this.pool[Symbol.dispose]();
  }
}

Deno.test("a resumption tells the same client, without asking it again", () => {
  using world = new World();
  const first = world.connect(required);
  world.now += 1000;
  const second = world.connect(required, first.sessions[0]);
  assert.deepEqual([second.parameters.resumed, second.isAsked], [true, false]);
  assert.deepEqual(second.parameters.peer, first.parameters.peer);
  assert.equal(second.parameters.peer?.authenticatedAt, 1_000_000);
  const third = world.connect(required, second.sessions[0]);
  assert.deepEqual(third.parameters.peer, first.parameters.peer);
});

const anonymous = { chain: [] };
const otherNames: ClientCertificatePolicy = { ...required, authorities: [new Uint8Array([0x30, 0x00])] };
const otherSchemes: ClientCertificatePolicy = { ...required, signatureSchemes: [0x0403] };

/** CVE-2025-23419's class: a session must not get in where its client would have had to show more, or other, things. */
const crossings: readonly [
  string,
  ClientCertificatePolicy | undefined,
  ClientCertificatePolicy | undefined,
][] = [
  ["from a site that asks for nothing to one that requires", undefined, required],
  ["from a site that asks for nothing to one where it is optional", undefined, optional],
  ["from a site where it is optional to one that requires", optional, required],
  ["from a site that requires to one where it is optional", required, optional],
  ["from a site that requires to one that asks for nothing", required, undefined],
  ["to a site with other authorities", required, otherNames],
  ["to a site with other schemes", required, otherSchemes],
];

for (const [name, from, to] of crossings) {
  Deno.test(`no session resumes ${name}`, () => {
    using world = new World();
    const { sessions } = world.connect(from);
    const second = world.connect(to, sessions[0]);
    assert.equal(second.parameters.resumed, false);
    assert.equal(second.isAsked, to !== undefined);
    assert.equal(world.connect(from, sessions[1]).parameters.resumed, true);
  });
}

Deno.test("a session of a client without a certificate resumes as such", () => {
  using world = new World();
  const { sessions } = world.connect(optional, undefined, anonymous);
  const { parameters } = world.connect(optional, sessions[0]);
  assert.deepEqual([parameters.resumed, parameters.peer], [true, undefined]);
});

Deno.test("a chain that holds no more calls for a full handshake, and gets one", () => {
  using world = new World();
  let asked: readonly Uint8Array[] | undefined;
  let holds = true;
  const policy: ClientCertificatePolicy = {
    mode: "required",
    stillHolds: (chain) => {
      asked = chain;
      return holds;
    },
  };
  const { sessions } = world.connect(policy);
  assert.equal(world.connect(policy, sessions[0]).parameters.resumed, true);
  assert.deepEqual(asked, identity.chain);
  holds = false;
  const { parameters, isAsked } = world.connect(policy, sessions[1]);
  assert.deepEqual([parameters.resumed, isAsked], [false, true]);
});

Deno.test("a stillHolds that throws costs one connection and no block", () => {
  using world = new World();
  const { sessions } = world.connect(required);
  const broken = () => {
    throw new Error("the verifier is gone");
  };
  using client = new ScriptedClient({
    pool: world.pool,
    fields: { serverName: "a.test" },
    session: sessions[0]!,
  });
  using server = new TestServer({ tickets: { keys: world.keys }, wallClock: () => world.now });
  server.site = { ...testSite, clientCertificates: { ...required, stillHolds: broken } };
  server.receive(client.start());
  assert.equal(server.event("failed").error.reason, "INTERNAL_ERROR");
  assert.equal(server.pool.blocksInUse, 0);
});

Deno.test("where nobody can judge a chain again, or it is too long for a ticket, none is issued", () => {
  using world = new World();
  assert.equal(world.connect({ mode: "required" }).sessions.length, 0);
  const long = { chain: [...identity.chain, new Uint8Array(6 * 1024)] };
  assert.equal(world.connect(required, undefined, long).sessions.length, 0);
  assert.equal(world.connect({ mode: "optional" }, undefined, anonymous).sessions.length, 2);
});

Deno.test("renewed tickets do not outlive the signature: a client signs again after 24 h", () => {
  using world = new World();
  let [session] = world.connect(required).sessions;
  for (let hours = 0; hours < 20; hours += 10) {
    world.now += 10 * hour;
    const { parameters, sessions } = world.connect(required, session);
    assert.equal(parameters.resumed, true);
    session = sessions[0];
  }
  world.now += 4 * hour;
  const { parameters, isAsked } = world.connect(required, session);
  assert.deepEqual([parameters.resumed, isAsked], [false, true]);
  assert.equal(parameters.peer?.authenticatedAt, world.now);
});
