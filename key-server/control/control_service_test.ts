import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { Authority } from "../../certs/authority.ts";
import { controlPreface } from "../../shared/control_protocol/frame.ts";
import type { UpdateMessage } from "../../shared/control_protocol/server_messages.ts";
import { createLogger } from "../../shared/log.ts";
import { Metrics } from "../../shared/metrics.ts";
import { poll } from "../../test/harness/poll.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import type { SqliteRegistry } from "../registry/sqlite_registry.ts";
import {
  certifiedKey,
  edgeEntity,
  instant,
  nameEntity,
  openRegistry,
  permissionEntity,
  pop1,
  put,
} from "../registry/testing/entities.ts";
import { ControlService } from "./control_service.ts";
import { ControlClient } from "./testing/control_client.ts";

const silent = createLogger("test", "silent");
const quick = { hello: 10_000, ping: 10_000, write: 30_000 };
const otherInstance = "11".repeat(16);

/** A registry, its control service on a unix socket, and edges that dial it. */
class Stage implements AsyncDisposable {
  readonly metrics = new Metrics();
  protocolErrors = 0;
  readonly clients: ControlClient[] = [];
  #server: Server | undefined;
  service: ControlService;

  private constructor(
    readonly folder: TemporaryFolder,
    readonly registry: SqliteRegistry,
    grace: number,
    timing = quick,
  ) {
    this.service = new ControlService({
      registry,
      config: { edgeGrace: grace },
      metrics: this.metrics,
      protocolError: () => this.protocolErrors++,
      log: silent,
      timing,
    });
  }

  static async set(
    { grace = 60_000, timing = quick, registry = openRegistry(), edge = pop1 } = {},
  ): Promise<Stage> {
    const stage = new Stage(await TemporaryFolder.create(), registry, grace, timing);
    stage.#server = createServer((socket) => {
      socket.on("error", () => {});
      stage.service.open(socket, { name: edge, notAfter: undefined });
    });
    await new Promise<void>((resolve) => stage.#server!.listen(stage.path, resolve));
    return stage;
  }

  get path(): string {
    return this.folder.file("control.sock");
  }

  get lineage(): string {
    return this.registry.lineage;
  }

  async dial(): Promise<ControlClient> {
    const client = await ControlClient.dialUnix(this.path);
    this.clients.push(client);
    return client;
  }

  /** A name with a certificate and a permission for pop1. */
  async addName(name: string, serverName = `${name}.holdfast.test`): Promise<number> {
    const authority = await Authority.createRoot("Test CA");
    const { certificate, key } = await certifiedKey(authority, name, [serverName]);
    return put(
      this.registry,
      { kind: "key", put: key },
      { kind: "certificate", put: certificate },
      {
        kind: "name",
        put: nameEntity(name, {
          serverNames: [serverName],
          bindings: [{ key: key.name, certificate: certificate.id, phase: "active" }],
        }),
      },
      { kind: "permission", put: permissionEntity(`pop1-${name}`, { name }) },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client[Symbol.dispose]();
    this.service[Symbol.dispose]();
    await new Promise((resolve) => this.#server!.close(resolve));
    this.registry[Symbol.dispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

const putNames = (update: UpdateMessage) => update.put.map(({ content }) => content.name);

Deno.test("an edge is sent the names that it is permitted, and no other", async () => {
  await using stage = await Stage.set();
  await stage.addName("www");
  const version = await stage.addName("shop");
  put(stage.registry, { kind: "permission", remove: "pop1-shop" });
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  assert.deepEqual([...client.names.keys()], ["www"]);
  const { content } = client.updates[0]!.put[0]!;
  assert.deepEqual(content.operations, ["sign-tls13"]);
  assert.equal(content.certificates[0]?.phase, "active");
});

Deno.test("an edge without any permission is told the version, and nothing else", async () => {
  await using stage = await Stage.set({ edge: "spiffe://holdfast.test/edge/pop2" });
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  assert.equal(client.names.size, 0);
});

Deno.test("an edge that holds a version is sent what changed since then, by the tags that it names", async () => {
  await using stage = await Stage.set();
  await stage.addName("www");
  const version = await stage.addName("shop");
  const first = await stage.dial();
  first.hello();
  await first.holds(version);
  first[Symbol.dispose]();

  const second = await stage.addName("blog");
  put(stage.registry, { kind: "permission", remove: "pop1-shop" });
  const again = await stage.dial();
  const names = [...first.names].map(([name, tag]) => ({ name, tag }));
  again.hello({ held: { lineage: stage.lineage, version, names } });
  await again.holds(second + 1);
  const [update] = again.updates;
  assert.equal(update?.from, version);
  assert.deepEqual(putNames(update!), ["blog"]);
  assert.deepEqual(update?.remove, ["shop"]);
});

Deno.test("an edge of another lineage is sent everything anew", async () => {
  await using stage = await Stage.set();
  const version = await stage.addName("www");
  const first = await stage.dial();
  first.hello();
  await first.holds(version);
  const names = [...first.names].map(([name, tag]) => ({ name, tag }));
  const other = await stage.dial();
  other.hello({ held: { lineage: `2026-01-01T00:00:00.000Z-${"0".repeat(16)}`, version: 700, names } });
  await other.holds(version);
  assert.equal(other.updates[0]?.from, 0);
  assert.deepEqual(putNames(other.updates[0]!), ["www"]);
});

Deno.test("an edge that is ahead of this registry is sent nothing until the registry is ahead", async () => {
  await using stage = await Stage.set();
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello({ held: { lineage: stage.lineage, version: version + 1, names: [] } });
  const proof = await client.first("update");
  assert.deepEqual([proof.version, proof.put], [version, []]);
  await stage.addName("shop");
  const newest = await stage.addName("blog");
  await client.holds(newest);
  assert.deepEqual([...client.names.keys()].sort(), ["blog", "shop", "www"]);
});

Deno.test("what is committed reaches an edge at once: a phase, a challenge, a permission's operations", async () => {
  await using stage = await Stage.set();
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  // Any certificate for the key does here.
  const certificate = stage.registry.state.list("certificate")[0]!.chain[0]!;
  const challenge = {
    serverName: "www.holdfast.test",
    key: "www",
    certificate,
    expiresAt: instant,
  };
  await client.holds(put(stage.registry, { kind: "challenge", put: challenge }));
  assert.deepEqual(client.updates.at(-1)?.put[0]?.content.challenges, [
    { serverName: "www.holdfast.test", certificate },
  ]);
  const permission = permissionEntity("pop1-www", { operations: ["sign-tls12"], transcript: "hash" });
  await client.holds(put(stage.registry, { kind: "permission", put: permission }));
  assert.deepEqual(client.updates.at(-1)?.put[0]?.content.operations, ["sign-tls12"]);
  await client.holds(put(stage.registry, { kind: "challenge", remove: "www.holdfast.test" }));
  assert.deepEqual(client.updates.at(-1)?.put[0]?.content.challenges, []);
});

Deno.test("a version that changes nothing for an edge is told to it all the same", async () => {
  await using stage = await Stage.set();
  const client = await stage.dial();
  client.hello();
  await client.first("update");
  const version = put(stage.registry, { kind: "ticket-domain", put: { name: "public", epoch: 0 } });
  await client.holds(version);
  assert.deepEqual(client.updates.at(-1)?.put, []);
});

Deno.test("an edge that does not read is sent the newest state in the end, not each one", async () => {
  await using stage = await Stage.set();
  await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.first("update");
  client.socket.pause();
  const before = client.updates.length;
  const rounds = 40;
  let version = 0;
  for (let round = 0; round < rounds; round++) {
    // Each state has more than what two sockets hold.
    const long = (index: number) =>
      `${index}-${round}.${"x".repeat(60)}.${"y".repeat(60)}.${"z".repeat(60)}.test`;
    const bulks = ["bulk1", "bulk2", "bulk3"].map((name) => {
      return nameEntity(name, { serverNames: Array.from({ length: 1000 }, (_, index) => long(index)) });
    });
    const permissions = bulks.map(({ name }) => permissionEntity(`pop1-${name}`, { name }));
    version = put(
      stage.registry,
      ...bulks.map((name) => ({ kind: "name", put: name }) as const),
      ...permissions.map((permission) => ({ kind: "permission", put: permission }) as const)
        .filter(() => round === 0),
    );
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  client.socket.resume();
  await client.holds(version);
  assert.ok(client.updates.length - before < rounds, `${client.updates.length - before} updates`);
  assert.equal(client.updates.at(-1)?.version, version);
});

Deno.test("who is behind: by version, by permission, by a problem with the name", async () => {
  await using stage = await Stage.set({ grace: 0 });
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  const behind = (name: string, at: number) => stage.service.behind(name, at).map(({ edge }) => edge);
  assert.deepEqual(behind("www", version), [pop1]);
  assert.deepEqual(behind("shop", version), [], "it may not use that name");
  client.ack(version, stage.lineage);
  await poll("the acknowledgement", () => behind("www", version).length === 0);
  assert.deepEqual(behind("www", version + 1), [pop1]);
  client.ack(version, stage.lineage, [{ name: "www", reason: "its key is on P-521" }]);
  await poll("the problem", () => behind("www", version).length === 1);
  assert.equal(stage.service.edges[0]?.problems.get("www"), "its key is on P-521");
});

Deno.test("an acknowledgement of another lineage's version counts for nothing", async () => {
  await using stage = await Stage.set({ grace: 0 });
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  client.ack(version + 5, `2026-01-01T00:00:00.000Z-${"0".repeat(16)}`);
  client.ack(version - 1, stage.lineage);
  await poll("the second one", () => stage.service.edges[0]?.acknowledgedVersion === version - 1);
  assert.equal(stage.service.behind("www", version).length, 1);
});

Deno.test("an edge that was lost is live for the grace, and is forgotten then", async () => {
  await using stage = await Stage.set({ grace: 30 });
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  let seen: readonly boolean[] = [];
  using _watch = stage.service.watch(() => seen = [...seen, stage.service.edges[0]?.connected ?? false]);
  client[Symbol.dispose]();
  await poll("the end of its grace", () => stage.service.edges.length === 0);
  assert.deepEqual(seen, [false, false]);
});

Deno.test("after a start, edges that may be serving are waited for, as long as the grace", async () => {
  await using before = await Stage.set();
  const version = await before.addName("www");
  using again = new ControlService({
    registry: before.registry,
    config: { edgeGrace: 40 },
    metrics: new Metrics(),
    protocolError: () => {},
    log: silent,
  });
  assert.deepEqual(again.behind("www", version).map(({ connected }) => connected), [false]);
  await poll("the end of the grace", () => again.behind("www", version).length === 0);
});

Deno.test("two installations of one edge both count; a second connection of one takes the first one's place", async () => {
  await using stage = await Stage.set();
  const version = await stage.addName("www");
  const [one, other, oneAgain] = [await stage.dial(), await stage.dial(), await stage.dial()];
  one.hello();
  await one.holds(version);
  one.ack(version, stage.lineage);
  other.hello({ instance: otherInstance });
  await other.holds(version);
  assert.equal(stage.service.edges.length, 2);
  await poll("one of two behind", () => stage.service.behind("www", version).length === 1);
  const names = [...one.names].map(([name, tag]) => ({ name, tag }));
  oneAgain.hello({ held: { lineage: stage.lineage, version, names } });
  await one.ended();
  await oneAgain.holds(version);
  assert.deepEqual(stage.service.edges.map(({ connected }) => connected), [true, true]);
  assert.equal(stage.service.behind("www", version).length, 1, "what it had acknowledged it still serves by");
});

Deno.test("an identity has sixteen installations at most: those that are lost give way, then the next is refused", async () => {
  await using stage = await Stage.set();
  const dial = async (index: number) => {
    const client = await stage.dial();
    client.hello({ instance: index.toString(16).padStart(32, "0") });
    return client;
  };
  const clients = [];
  for (let index = 0; index < 16; index++) clients.push(await dial(index));
  await poll("all of them", () => stage.service.edges.length === 16);
  await (await dial(16)).first("refused");
  clients[0]![Symbol.dispose]();
  await poll("the loss", () => stage.service.edges.some(({ connected }) => !connected));
  await (await dial(17)).first("update");
  assert.equal(stage.service.edges.length, 16);
});

Deno.test("an edge that is revoked is told so, cut, and not waited for", async () => {
  await using stage = await Stage.set();
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  const revoked = edgeEntity(pop1, { state: "revoked", reason: "stolen" });
  put(stage.registry, { kind: "edge", put: revoked });
  assert.equal((await client.first("revoked")).reason, "stolen");
  await client.ended();
  assert.deepEqual(stage.service.edges, []);

  const again = await stage.dial();
  again.hello();
  assert.equal((await again.first("revoked")).reason, "stolen");
  await again.ended();
  assert.deepEqual(again.updates, []);
});

const misbehaviours: Record<string, (client: ControlClient) => void> = {
  "an acknowledgement before hello": (client) => client.ack(1, `2026-01-01T00:00:00.000Z-${"0".repeat(16)}`),
  "two hellos": (client) => {
    client.hello();
    client.hello();
  },
  "what is no message": (client) => client.write(Uint8Array.of(0, 0, 0, 2, 0x7b, 0x7d)),
  "a frame over the bound": (client) => client.write(Uint8Array.of(0xff, 0, 0, 0)),
  "a preface where TLS names the protocol": (client) => client.write(controlPreface),
};

for (const [what, misbehave] of Object.entries(misbehaviours)) {
  Deno.test(`a key server refuses ${what}, and closes`, async () => {
    await using stage = await Stage.set();
    const client = await stage.dial();
    misbehave(client);
    await client.first("refused");
    await client.ended();
    assert.equal(stage.protocolErrors, 1);
  });
}

Deno.test("an edge that says nothing, and one that answers no ping, are closed", async () => {
  await using stage = await Stage.set({ timing: { hello: 20, ping: 30, write: 1000 } });
  const mute = await stage.dial();
  await mute.ended();
  const deaf = await stage.dial();
  deaf.answersPings = false;
  deaf.hello();
  await deaf.ended();
  assert.ok(deaf.received.some(({ type }) => type === "ping"));
});

Deno.test("a renewal is answered with the chain that is signed, or with the reason why there is none", async () => {
  await using stage = await Stage.set();
  const client = await stage.dial();
  client.hello();
  client.say({ type: "renew", request: "AQID" });
  assert.match((await client.first("renewal-refused")).reason, /no authority for edges/);
  let asked: unknown;
  stage.service.renewIdentity = (edge, request) => {
    asked = [edge.name, [...request]];
    return Promise.resolve([Uint8Array.of(1, 2, 3)]);
  };
  client.say({ type: "renew", request: "AQID" });
  assert.deepEqual((await client.first("identity")).chain, ["AQID"]);
  assert.deepEqual(asked, [pop1, [1, 2, 3]]);
});

Deno.test("edges and their versions are in the metrics", async () => {
  await using stage = await Stage.set();
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  client.ack(version, stage.lineage);
  await poll("the acknowledgement", () => stage.service.edges[0]?.acknowledgedVersion === version);
  const text = await stage.metrics.exposition();
  assert.match(text, /holdfast_key_server_control_connections 1/);
  assert.match(text, new RegExp(`holdfast_key_server_registry_version ${version}`));
  assert.match(text, /holdfast_key_server_control_edges\{state="current"\} 1/);
  assert.match(text, /holdfast_key_server_control_acknowledgements_total\{result="ok"\} 1/);
});
