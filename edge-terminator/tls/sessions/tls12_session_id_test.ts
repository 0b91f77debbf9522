import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import {
  AlertDescription,
  ContentType,
  ExtensionType,
  HandshakeType,
} from "../../../shared/tls_constants.ts";
import { extension, type HelloFields, plainRecord } from "../../../test/peer/hello_builder.ts";
import {
  ScriptedTls12Client,
  type Tls12ClientSession,
  usualTls12Extensions,
} from "../../../test/peer/scripted_tls12_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";
import { LocalTicketKeys } from "../../ticket_keys/local_ticket_keys.ts";
import type { TlsServerOptions } from "../server_options.ts";
import type { TlsSite } from "../site.ts";
import { LocalSessionCache } from "./local_session_cache.ts";

const hour = 3600 * 1000;
const withTickets = [...usualTls12Extensions, extension(ExtensionType.session_ticket, () => {})];

/** A server's world over many connections: its cache, its clock, and a client's pool. */
class World implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 256 });
  now = 1_000_000;
  readonly cache = new LocalSessionCache({ pool: this.pool, capacity: 8, now: () => this.now });
  readonly #stack = new DisposableStack();

  /** One connection, as far as it gets. */
  connect(
    session?: Tls12ClientSession,
    fields: Partial<HelloFields> = {},
    options: Partial<TlsServerOptions> = {},
    site: TlsSite = testSite,
  ) {
    const client = this.#stack.use(
      new ScriptedTls12Client(this.pool, { serverName: "a.test", ...fields }, session),
    );
    const server = this.#stack.use(
      new TestServer({ sessions: { cache: this.cache }, wallClock: () => this.now, ...options }),
    );
    server.site = site;
    client.receive(server.receive(client.start()));
    if (server.engine.state === "awaiting-client-key-exchange") server.receive(client.clientKeyExchange());
    if (server.engine.state === "awaiting-change-cipher-spec") {
      server.receive(client.changeCipherSpec());
      client.receive(server.receive(client.finished()));
    }
    return {
      client,
      server,
      parameters: server.events.find((event) => event.type === "handshake-complete")?.parameters,
    };
  }

  session(fields: Partial<HelloFields> = {}): Tls12ClientSession {
    return this.connect(undefined, fields).client.session;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.cache[Symbol.dispose]();
    const { blocksInUse } = this.pool;
    this.pool[Symbol.dispose]();
    assert.equal(blocksInUse, 0);
  }
}

Deno.test("S16: a client without tickets resumes by its session id: no certificate, no signature, data both ways", () => {
  using world = new World();
  const { client: first, parameters } = world.connect();
  assert.equal(parameters?.resumed, false);
  assert.equal(first.session.id.length, 32);
  const { client, server, parameters: again } = world.connect(first.session);
  assert.deepEqual(client.messageTypes, [HandshakeType.server_hello, HandshakeType.finished]);
  assert(!server.events.some(({ type }) => type === "signature-needed"));
  assert.deepEqual(
    { ...again, signatureScheme: parameters?.signatureScheme },
    { ...parameters, resumed: true },
  );
  server.receive(client.seal(ContentType.application_data, new TextEncoder().encode("ping")));
  assert.equal(new TextDecoder().decode(server.received), "ping");
  server.engine.send(new Uint8Array([1, 2, 3]));
  client.receive(server.drain());
  assert.deepEqual(client.received, new Uint8Array([1, 2, 3]));
  assert.equal(world.connect(first.session).parameters?.resumed, true);
});

Deno.test("L4: no session resumes by its id after 24 h, however often it was used", () => {
  using world = new World();
  const session = world.session();
  world.now += 24 * hour - 1;
  assert.equal(world.connect(session).parameters?.resumed, true);
  world.now += 1001;
  assert.equal(world.connect(session).parameters?.resumed, false);
  assert.equal(
    world.connect(world.session(), {}, {
      sessions: { cache: world.cache, lifetime: 48 * hour },
    }).parameters?.resumed,
    true,
  );
});

Deno.test("a policy's lifetime is the most that a session lives, and 24 h the most of that", () => {
  using world = new World();
  for (const [lifetime, lives] of [[hour, hour], [48 * hour, 24 * hour]] as const) {
    const sessions = { cache: world.cache, lifetime };
    const { session } = world.connect(undefined, {}, { sessions }).client;
    world.now += lives - 1;
    assert.equal(world.connect(session, {}, { sessions }).parameters?.resumed, true);
    world.now += 1;
    assert.equal(world.connect(session, {}, { sessions }).parameters?.resumed, false);
  }
});

Deno.test("a session resumes only under its name, epoch and client authentication, and with a suite both still do", () => {
  using world = new World();
  const session = world.session();
  const resumed = (
    fields: Partial<HelloFields>,
    options: Partial<TlsServerOptions> = {},
    site: TlsSite = testSite,
  ) => world.connect(session, fields, options, site).parameters?.resumed;
  assert.equal(resumed({ serverName: "b.test" }), false);
  assert.equal(resumed({ serverName: undefined }), false);
  assert.equal(resumed({}, {}, { ...testSite, resumptionEpoch: 1 }), false);
  assert.notEqual(resumed({}, {}, { ...testSite, clientCertificates: { mode: "optional" } }), true);
  assert.equal(resumed({ cipherSuites: [0xc02c] }), false);
  assert.equal(resumed({}, { cipherSuites: [0xc02c, 0x1301] }), undefined);
  assert.equal(resumed({ sessionId: session.id.with(31, session.id[31]! ^ 1) }), false);
  assert.equal(resumed({ sessionId: session.id.subarray(0, 31) }), false);
  assert.equal(resumed({}, { versions: ["TLS 1.2"] }), true);
});

Deno.test("a session with an extended master secret ends the handshake of a client that has it no more", () => {
  using world = new World();
  const options = { requiresExtendedMasterSecret: false };
  const withoutEms = { extraExtensions: usualTls12Extensions.slice(1) };
  const failed = world.connect(world.session(), withoutEms, options).server.event("failed");
  assert.equal(failed.alertSent, AlertDescription.handshake_failure);
  assert.equal(failed.error.reason, "RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION");
  const { session } = world.connect(undefined, withoutEms, options).client;
  assert.equal(world.connect(session, {}, options).parameters?.resumed, false);
  assert.equal(world.connect(session, withoutEms, options).parameters?.resumed, true);
});

Deno.test("a client that takes tickets gets no session id, and next to a ticket its id resumes nothing", () => {
  using world = new World();
  using keys = new LocalTicketKeys({ pool: world.pool, now: () => world.now });
  const options = { tickets: { keys } };
  const { client } = world.connect(undefined, { extraExtensions: withTickets }, options);
  assert.equal(client.session.id.length, 0);
  assert.equal(world.cache.size, 0);
  const session = world.session();
  const badTicket = [
    ...usualTls12Extensions,
    extension(ExtensionType.session_ticket, (writer) => writer.bytes(new Uint8Array(100))),
  ];
  assert.equal(world.connect(session, { extraExtensions: badTicket }, options).parameters?.resumed, false);
  assert.equal(world.connect(session, { extraExtensions: withTickets }, options).parameters?.resumed, true);
  assert.equal(world.connect(session, { extraExtensions: badTicket }).parameters?.resumed, true);
});

Deno.test("a failed handshake keeps no session; a connection that fails takes its session along", () => {
  using world = new World();
  const offered = new Uint8Array(32).fill(5);
  const client = new ScriptedTls12Client(world.pool, { sessionId: offered });
  using _client = client;
  using server = new TestServer({ sessions: { cache: world.cache }, wallClock: () => world.now });
  client.receive(server.receive(client.start()));
  server.receive(client.clientKeyExchange());
  server.receive(client.changeCipherSpec());
  server.receive(client.finished((message) => message.with(4, message[4]! ^ 1)));
  assert.equal(server.engine.state, "failed");
  assert.equal(world.cache.size, 0);

  const session = world.session();
  const resumed = world.connect(session);
  assert.equal(resumed.parameters?.resumed, true);
  resumed.server.receive(resumed.client.seal(ContentType.alert, new Uint8Array([2, 80])));
  assert.equal(world.connect(session).parameters?.resumed, false);
});

Deno.test("whoever knows an id and not its secret does not take the session from its client", () => {
  using world = new World();
  const session = world.session();
  using thief = new ScriptedTls12Client(world.pool, { serverName: "a.test" }, session);
  using server = new TestServer({ sessions: { cache: world.cache }, wallClock: () => world.now });
  server.receive(thief.start());
  assert.equal(server.engine.state, "awaiting-change-cipher-spec");
  server.receive(plainRecord(ContentType.change_cipher_spec, new Uint8Array([1])));
  server.receive(plainRecord(ContentType.handshake, new Uint8Array(40)));
  assert.equal(server.event("failed").alertSent, AlertDescription.bad_record_mac);
  assert.equal(world.connect(session).parameters?.resumed, true);
});

Deno.test("close_notify leaves a session to come back to; an engine without a cache gives no id", () => {
  using world = new World();
  const { client, server } = world.connect();
  server.receive(client.seal(ContentType.alert, new Uint8Array([1, 0])));
  server.engine.close();
  assert.equal(server.engine.state, "closed");
  assert.equal(world.connect(client.session).parameters?.resumed, true);
  using plain = new TestServer();
  using other = new ScriptedTls12Client(world.pool);
  other.receive(plain.receive(other.start()));
  assert.equal(other.serverHello?.legacySessionIdEcho.length, 0);
});
