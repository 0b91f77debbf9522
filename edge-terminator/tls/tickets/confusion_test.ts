/**
 * What a ticket of one place must not do in another: the class of CVE-2025-23419, where servers that shared ticket keys
 * took each other's sessions and so skipped the client certificate that only one of them had asked for. And what no key, or
 * one that anybody could know, must not do: the class of CVE-2020-13777.
 */
import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { ExtensionType, HandshakeType } from "../../../shared/tls_constants.ts";
import { extension, type HelloFields } from "../../../test/peer/hello_builder.ts";
import { type ClientSession, ScriptedClient } from "../../../test/peer/scripted_client.ts";
import {
  ScriptedTls12Client,
  type Tls12ClientSession,
  usualTls12Extensions,
} from "../../../test/peer/scripted_tls12_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";
import { LocalTicketKeys } from "../../ticket_keys/local_ticket_keys.ts";
import type { TlsSite } from "../site.ts";
import { openTicket, sealTicket } from "./ticket.ts";
import { ticketState } from "../../ticket_keys/testing/provider_conformance.ts";
import type { TicketKeyProvider } from "./ticket_key_provider.ts";

type Session =
  | { readonly version: "1.3"; readonly session: ClientSession }
  | { readonly version: "1.2"; readonly session: Tls12ClientSession; readonly ticket: Uint8Array };

/** One server after the other with the same ticket keys, and clients that come back. */
class World implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 512 });
  readonly local = new LocalTicketKeys({ pool: this.pool, now: () => 1_000_000 });
  readonly #stack = new DisposableStack();

  constructor(readonly keys: TicketKeyProvider | undefined = undefined) {}

  /** The ticket of a full handshake; undefined when none was issued. */
  session(version: "1.2" | "1.3", site: TlsSite = testSite): Session | undefined {
    if (version === "1.3") {
      const session = this.#connect13({ serverName: "a.test" }, undefined, site).client.sessions[0];
      return session && { version, session };
    }
    const { client } = this.#connect12({ serverName: "a.test" }, undefined, site);
    const body = client.messages.find(({ type }) => type === HandshakeType.new_session_ticket)?.body;
    // An empty one stands for none (RFC 5077, Section 3.3).
    if (body === undefined || body.length === 6) return undefined;
    const session = { ...client.session, id: new Uint8Array(32).fill(9) };
    return { version, session, ticket: body.slice(6) };
  }

  /** Whether the handshake went on with the session. */
  resumes(session: Session, fields: Partial<HelloFields> = {}, site: TlsSite = testSite): boolean {
    const named = { serverName: "a.test", ...fields };
    const { server } = session.version === "1.3"
      ? this.#connect13(named, session.session, site)
      : this.#connect12(named, session, site);
    const complete = server.events.find((event) => event.type === "handshake-complete");
    return complete?.parameters.resumed === true;
  }

  #server(site: TlsSite): TestServer {
    const tickets = { keys: this.keys ?? this.local };
    const server = this.#stack.use(new TestServer({ tickets, wallClock: () => 1_000_000 }));
    server.site = site;
    return server;
  }

  #connect13(fields: Partial<HelloFields>, session: ClientSession | undefined, site: TlsSite) {
    const client = this.#stack.use(
      new ScriptedClient({ pool: this.pool, fields, ...(session && { session }) }),
    );
    const server = this.#server(site);
    client.receive(server.receive(client.start()));
    if (server.engine.state === "awaiting-finished") client.receive(server.receive(client.finished()));
    return { client, server };
  }

  #connect12(fields: Partial<HelloFields>, back: Session | undefined, site: TlsSite) {
    const offered = back?.version === "1.2" ? back : undefined;
    const extraExtensions = [
      ...usualTls12Extensions,
      extension(ExtensionType.session_ticket, (writer) => writer.bytes(offered?.ticket ?? new Uint8Array(0))),
    ];
    const client = this.#stack.use(
      new ScriptedTls12Client(this.pool, { extraExtensions, ...fields }, offered?.session),
    );
    const server = this.#server(site);
    client.receive(server.receive(client.start()));
    if (server.engine.state === "awaiting-client-key-exchange") server.receive(client.clientKeyExchange());
    if (server.engine.state === "awaiting-change-cipher-spec") {
      server.receive(client.changeCipherSpec());
      client.receive(server.receive(client.finished()));
    }
    return { client, server };
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.local[Symbol.dispose]();
    const { blocksInUse } = this.pool;
    this.pool[Symbol.dispose]();
    assert.equal(blocksInUse, 0);
  }
}

const versions = ["1.2", "1.3"] as const;
const certified = { mode: "required", authorities: [Uint8Array.of(0x30, 0)] } as const;

/** Where the session was not made. */
const elsewhere: Record<string, [Partial<HelloFields>, TlsSite]> = {
  "another name": [{ serverName: "b.test" }, testSite],
  "no name": [{ serverName: undefined }, testSite],
  "another ticket domain": [{}, { ...testSite, ticketDomain: "other" }],
  "a domain that is spelt otherwise": [{}, { ...testSite, ticketDomain: "Default" }],
  "a later epoch": [{}, { ...testSite, resumptionEpoch: 1 }],
  "a site that asks for client certificates": [{}, { ...testSite, clientCertificates: { mode: "optional" } }],
  "a site that demands them": [{}, { ...testSite, clientCertificates: certified }],
};

for (const version of versions) {
  for (const [place, [fields, site]] of Object.entries(elsewhere)) {
    Deno.test(`TLS ${version}: a ticket does not resume under ${place}`, () => {
      using world = new World();
      const session = world.session(version)!;
      assert.equal(world.resumes(session, fields, site), false);
      assert.equal(world.resumes(session), true, "the test's ticket resumes nowhere");
    });
  }

  Deno.test(`TLS ${version}: a ticket of one domain resumes in no other, where a provider has one key for all, too`, () => {
    using keeper = new World();
    const careless: TicketKeyProvider = {
      sealingKey: () => keeper.local.sealingKey("default"),
      openingKey: (name) => keeper.local.openingKey(name, "default"),
    };
    using world = new World(careless);
    const there = { ...testSite, ticketDomain: "there" };
    const session = world.session(version, there)!;
    assert.equal(world.resumes(session), false);
    assert.equal(world.resumes(session, {}, { ...testSite, ticketDomain: "ther" }), false);
    assert.equal(world.resumes(session, {}, there), true);
  });

  Deno.test(`TLS ${version}: without a key to seal with there is no ticket, and no handshake fails`, () => {
    using world = new World({ sealingKey: () => undefined, openingKey: () => undefined });
    assert.equal(world.session(version), undefined);
  });
}

Deno.test("a ticket under a key of zeros, or one that is the key's own name, opens nowhere", () => {
  using world = new World();
  const { name } = world.local.sealingKey("default")!;
  for (const guess of [new Uint8Array(32), Uint8Array.of(...name, ...name)]) {
    for (const known of [name, new Uint8Array(16)]) {
      using secret = world.pool.rent(32);
      secret.bytes.set(guess);
      using session = world.pool.rent(32);
      session.bytes.fill(1);
      const forger = { sealingKey: () => ({ name: known, secret }), openingKey: () => undefined };
      const ticket = sealTicket(forger, "default", ticketState, session)!;
      assert.equal(openTicket(world.pool, world.local, "default", ticket, 32), undefined);
    }
  }
});
