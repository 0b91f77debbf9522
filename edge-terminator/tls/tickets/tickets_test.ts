import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { AlertDescription, HandshakeType, NamedGroup } from "../../../shared/tls_constants.ts";
import {
  type ClientSession,
  ScriptedClient,
  type ScriptedClientOptions,
} from "../../../test/peer/scripted_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";
import type { TlsServerOptions } from "../server_options.ts";
import { LocalTicketKeys } from "../../ticket_keys/local_ticket_keys.ts";
import { defaultTicketDomain } from "./ticket_key_provider.ts";

const hour = 3600 * 1000;

/** A server's world over many connections: its ticket keys, its clock, and a client's pool. */
class World implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 256 });
  now = 1_000_000;
  readonly keys = new LocalTicketKeys({ pool: this.pool, now: () => this.now });
  readonly #stack = new DisposableStack();

  /** One connection, as far as it gets. */
  connect(
    client: Omit<ScriptedClientOptions, "pool"> = {},
    options: Partial<TlsServerOptions> = {},
    site = testSite,
  ) {
    const scripted = this.#stack.use(new ScriptedClient({ ...client, pool: this.pool }));
    using server = new TestServer({ tickets: { keys: this.keys }, wallClock: () => this.now, ...options });
    server.site = site;
    scripted.receive(server.receive(scripted.start()));
    if (server.engine.state === "awaiting-second-client-hello") {
      scripted.receive(server.receive(scripted.restart(NamedGroup.x25519)));
    }
    if (server.engine.state === "awaiting-finished") scripted.receive(server.receive(scripted.finished()));
    return {
      client: scripted,
      server,
      parameters: server.events.find((event) => event.type === "handshake-complete")?.parameters,
    };
  }

  session(): ClientSession {
    return this.connect({ fields: { serverName: "a.test" } }).client.sessions[0]!;
  }

  resume(session: ClientSession, options: Omit<ScriptedClientOptions, "pool"> = {}, site = testSite) {
    return this.connect({ fields: { serverName: "a.test" }, session, ...options }, {}, site);
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.keys[Symbol.dispose]();
    const { blocksInUse } = this.pool;
    this.pool[Symbol.dispose]();
    assert.equal(blocksInUse, 0);
  }
}

Deno.test("a ticket resumes: no certificate, a fresh key exchange, new tickets", () => {
  using world = new World();
  const { client, parameters } = world.resume(world.session());
  assert.deepEqual([parameters?.resumed, parameters?.signatureScheme, parameters?.group], [
    true,
    0,
    NamedGroup.x25519,
  ]);
  assert.deepEqual(client.messageTypes.slice(0, 3), [
    HandshakeType.server_hello,
    HandshakeType.encrypted_extensions,
    HandshakeType.finished,
  ]);
  assert.equal(client.sessions.length, 2);
  assert.equal(world.resume(client.sessions[1]!).parameters?.resumed, true);
});

Deno.test("a ticket resumes after a HelloRetryRequest", () => {
  using world = new World();
  const fields = { serverName: "a.test", groups: [NamedGroup.secp384r1, NamedGroup.x25519] };
  const { parameters } = world.connect({
    fields,
    shareGroups: [NamedGroup.secp384r1],
    session: world.session(),
  });
  assert.deepEqual([parameters?.resumed, parameters?.helloRetryRequest], [true, true]);
});

Deno.test("L7: any flipped byte of a ticket gives a full handshake and no alert", () => {
  using world = new World();
  const session = world.session();
  for (let index = 0; index < session.ticket.length; index += 7) {
    const ticket = session.ticket.map((byte, at) => at === index ? byte ^ 0x40 : byte);
    const { parameters, client } = world.resume({ ...session, ticket });
    assert.equal(parameters?.resumed, false, `byte ${index}`);
    assert.deepEqual(client.alerts, []);
  }
});

Deno.test("a binder that does not verify is refused with decrypt_error", () => {
  using world = new World();
  const session = world.session();
  using otherPsk = world.pool.rent(32);
  const { server } = world.resume({ ...session, psk: otherPsk });
  assert.equal(server.event("failed").alertSent, AlertDescription.decrypt_error);
});

Deno.test("L13: psk_ke alone is refused, and no ticket is issued for it", () => {
  using world = new World();
  const { parameters, client } = world.resume(world.session(), { pskModes: [0] });
  assert.equal(parameters?.resumed, false);
  assert.equal(client.sessions.length, 0);
});

Deno.test("L4: no session resumes at 24 h and 1 s", () => {
  using world = new World();
  const session = world.session();
  world.now += 24 * hour - 1000;
  assert.equal(world.resume(session).parameters?.resumed, true);
  world.now += 2000;
  assert.equal(world.resume(session).parameters?.resumed, false);
});

Deno.test("a session resumes for its own name only", () => {
  using world = new World();
  const { parameters } = world.connect({ fields: { serverName: "b.test" }, session: world.session() });
  assert.equal(parameters?.resumed, false);
});

Deno.test("a raised epoch ends the sessions made before", () => {
  using world = new World();
  const session = world.session();
  assert.equal(world.resume(session, {}, { ...testSite, resumptionEpoch: 1 }).parameters?.resumed, false);
  assert.equal(world.resume(session).parameters?.resumed, true);
});

Deno.test("S12: a session resumed under an old key gets a ticket under the current one", () => {
  using world = new World();
  const session = world.session();
  world.now += 13 * hour;
  const { parameters, client } = world.resume(session);
  assert.equal(parameters?.resumed, true);
  const nameOf = ({ ticket }: ClientSession) => ticket.subarray(0, 16).toHex();
  assert.notEqual(nameOf(client.sessions[0]!), nameOf(session));
  assert.equal(nameOf(client.sessions[0]!), world.keys.sealingKey(defaultTicketDomain)!.name.toHex());
});

Deno.test("a session resumes from a node Buffer, whose slice is no copy, and leaves it as it was", () => {
  using world = new World();
  const session = world.session();
  using client = new ScriptedClient({ pool: world.pool, fields: { serverName: "a.test" }, session });
  using server = new TestServer({ tickets: { keys: world.keys }, wallClock: () => world.now });
  const hello = Buffer.from(client.start());
  const before = hello.toString("hex");
  client.receive(server.receive(hello));
  client.receive(server.receive(Buffer.from(client.finished())));
  assert.equal(server.event("handshake-complete").parameters.resumed, true);
  assert.equal(hello.toString("hex"), before);
});

Deno.test("each ticket is counted once when it is issued, and once by what becomes of it", () => {
  using world = new World();
  const counted: string[] = [];
  const events = {
    issued: () => counted.push("issued"),
    resumed: () => counted.push("resumed"),
    refused: (reason: string) => counted.push(reason),
  };
  const tickets = { keys: world.keys, events };
  const connect = (
    session: ClientSession | undefined,
    name = "a.test",
    options: Partial<TlsServerOptions> = {},
  ) => {
    counted.length = 0;
    world.connect({ fields: { serverName: name }, ...(session && { session }) }, { tickets, ...options });
    return counted.filter((event) => event !== "issued").join();
  };
  connect(undefined);
  assert.deepEqual(counted, ["issued", "issued"]);
  const session = world.session();
  assert.equal(connect(session), "resumed");
  assert.equal(connect(session, "b.test"), "other-terms");
  assert.equal(connect(session, "a.test", { wallClock: () => world.now + 24 * hour }), "expired");
  assert.equal(
    connect(session, "a.test", { wallClock: () => world.now - 1 }),
    "expired",
    "S15: from the future",
  );
  const flipped = (index: number) => ({
    ...session,
    ticket: session.ticket.with(index, session.ticket[index]! ^ 1),
  });
  assert.equal(connect(flipped(0)), "unknown-key");
  assert.equal(connect(flipped(100)), "unreadable");
});

Deno.test("without a policy nothing resumes and no ticket is issued", () => {
  using world = new World();
  const session = world.session();
  using server = new TestServer();
  using client = new ScriptedClient({ pool: world.pool, fields: { serverName: "a.test" }, session });
  client.receive(server.receive(client.start()));
  client.receive(server.receive(client.finished()));
  assert.equal(server.event("handshake-complete").parameters.resumed, false);
  assert.equal(client.sessions.length, 0);
});

Deno.test("a provider without keys issues nothing and resumes nothing", () => {
  using world = new World();
  const session = world.session();
  const none = { sealingKey: () => undefined, openingKey: () => undefined };
  const fields = { serverName: "a.test" };
  const { parameters, client } = world.connect({ fields, session }, { tickets: { keys: none } });
  assert.equal(parameters?.resumed, false);
  assert.equal(client.sessions.length, 0);
});
