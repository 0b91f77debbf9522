import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { AlertDescription, ExtensionType, HandshakeType } from "../../../shared/tls_constants.ts";
import { extension, type HelloFields } from "../../../test/peer/hello_builder.ts";
import {
  ScriptedTls12Client,
  type Tls12ClientSession,
  usualTls12Extensions,
} from "../../../test/peer/scripted_tls12_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";
import { LocalTicketKeys } from "../../ticket_keys/local_ticket_keys.ts";
import { EngineMisusedError } from "../errors.ts";
import type { CachedSession } from "../sessions/session_cache.ts";
import { LocalSessionCache } from "../sessions/local_session_cache.ts";
import { absentSessions } from "../sessions/testing/absent_sessions.ts";
import type { TicketPolicy } from "../tickets/ticket_policy.ts";
import type { TlsSite } from "../site.ts";

/** Servers whose sessions are all elsewhere, in a cache that the test answers from. */
class World implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 128 });
  now = 1_000_000;
  tickets: TicketPolicy | undefined;
  readonly cache = new LocalSessionCache({ pool: this.pool, capacity: 8, now: () => this.now });
  readonly #stack = new DisposableStack();

  /** A connection up to its first flight; the question for a session, if there is one, is left open. */
  begin(session?: Tls12ClientSession, fields: Partial<HelloFields> = {}, site: TlsSite = testSite) {
    const client = this.#stack.use(
      new ScriptedTls12Client(this.pool, { serverName: "a.test", ...fields }, session),
    );
    const options = {
      sessions: absentSessions(this.cache),
      wallClock: () => this.now,
      ...(this.tickets && { tickets: this.tickets }),
    };
    const server = this.#stack.use(
      new TestServer(options, ["session-needed"]),
    );
    server.site = site;
    client.receive(server.receive(client.start()));
    return { client, server };
  }

  end({ client, server }: ReturnType<World["begin"]>): boolean | undefined {
    if (server.engine.state === "awaiting-client-key-exchange") server.receive(client.clientKeyExchange());
    if (server.engine.state === "awaiting-change-cipher-spec") {
      server.receive(client.changeCipherSpec());
      client.receive(server.receive(client.finished()));
    }
    return server.events.find((event) => event.type === "handshake-complete")?.parameters.resumed;
  }

  /** Answers the question, and goes on to the end. Undefined: the handshake failed. */
  answer(connection: ReturnType<World["begin"]>, session: CachedSession | undefined): boolean | undefined {
    connection.server.engine.answerSession(session);
    connection.client.receive(connection.server.drain());
    return this.end(connection);
  }

  session(): Tls12ClientSession {
    const connection = this.begin();
    assert.equal(this.end(connection), false);
    return connection.client.session;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.cache[Symbol.dispose]();
    assert.equal(this.pool.blocksInUse, 0);
    this.pool[Symbol.dispose]();
  }
}

Deno.test("S16: a session that somebody else has resumes: the engine asks, waits, and reads nothing meanwhile", () => {
  using world = new World();
  const session = world.session();
  const connection = world.begin(session);
  const { client, server } = connection;
  assert.equal(server.engine.state, "awaiting-session");
  assert.equal(server.engine.wantsInput, false);
  assert.deepEqual(server.event("session-needed").request, {
    sessionId: session.id,
    serverName: "a.test",
    domain: "default",
  });
  assert.deepEqual(client.messageTypes, []);
  assert.equal(world.answer(connection, world.cache.find(session.id)), true);
  assert.deepEqual(client.messageTypes, [HandshakeType.server_hello, HandshakeType.finished]);
  assert(!server.events.some(({ type }) => type === "signature-needed"));
});

Deno.test("nobody has the session: a full handshake, with an id of its own", () => {
  using world = new World();
  const session = world.session();
  const connection = world.begin(session);
  assert.equal(world.answer(connection, undefined), false);
  assert.notDeepEqual(connection.client.session.id, session.id);
});

Deno.test("a session from elsewhere is held to the same terms: name, domain, epoch, clients' certificates, time", () => {
  using world = new World();
  const session = world.session();
  const resumes = (
    fields: Partial<HelloFields>,
    site: TlsSite = testSite,
    change: Partial<CachedSession> = {},
  ) => {
    const found = world.cache.find(session.id);
    assert(found !== undefined, "the session is gone");
    return world.answer(world.begin(session, fields, site), { ...found, ...change });
  };
  assert.equal(resumes({}), true);
  assert.equal(resumes({ serverName: "b.test" }), false);
  assert.equal(resumes({ serverName: undefined }), false);
  assert.equal(resumes({}, { ...testSite, ticketDomain: "another" }), false);
  assert.equal(resumes({}, testSite, { domain: "another" }), false);
  assert.equal(resumes({}, { ...testSite, resumptionEpoch: 1 }), false);
  assert.notEqual(resumes({}, { ...testSite, clientCertificates: { mode: "optional" } }), true);
  assert.equal(resumes({ cipherSuites: [0xc02c] }), false);
  world.now += 24 * 3600_000 - 1;
  assert.equal(resumes({}), true);
  const late = world.begin(session);
  const found = world.cache.find(session.id)!;
  world.now += 1;
  assert.equal(world.answer(late, found), false);
});

Deno.test("an id of another length, or one beside a ticket, is asked of nobody", () => {
  using world = new World();
  const session = world.session();
  for (const length of [0, 1, 31]) {
    const { server } = world.begin(undefined, { sessionId: session.id.subarray(0, length) });
    assert.notEqual(server.engine.state, "awaiting-session");
  }
  const ticket = extension(ExtensionType.session_ticket, (writer) => writer.bytes(new Uint8Array(100)));
  const besideTicket = { extraExtensions: [...usualTls12Extensions, ticket] };
  assert.equal(world.begin(session, besideTicket).server.engine.state, "awaiting-session");
  using keys = new LocalTicketKeys({ pool: world.pool, now: () => world.now });
  world.tickets = { keys };
  assert.equal(world.begin(session, besideTicket).server.engine.state, "awaiting-client-key-exchange");
});

Deno.test("an answer that comes too late, or unasked, gives its secret back", () => {
  using world = new World();
  const session = world.session();
  const { server } = world.begin(session);
  const { blocksInUse } = world.pool;
  server.engine.abort(AlertDescription.handshake_failure);
  server.engine.answerSession(world.cache.find(session.id));
  using other = new TestServer();
  assert.throws(() => other.engine.answerSession(world.cache.find(session.id)), EngineMisusedError);
  assert.equal(world.pool.blocksInUse, blocksInUse);
});
