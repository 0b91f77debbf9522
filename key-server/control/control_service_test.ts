import assert from "node:assert/strict";
import type { UpdateMessage } from "../../shared/control_protocol/server_messages.ts";
import {
  edgeEntity,
  instant,
  nameEntity,
  permissionEntity,
  pop1,
  put,
} from "../registry/testing/entities.ts";
import { ControlStage } from "./testing/control_stage.ts";

const putNames = (update: UpdateMessage) => update.put.map(({ content }) => content.name);

Deno.test("an edge is sent the names that it is permitted, and no other", async () => {
  await using stage = await ControlStage.set();
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
  await using stage = await ControlStage.set({ edge: "spiffe://holdfast.test/edge/pop2" });
  const version = await stage.addName("www");
  const client = await stage.dial();
  client.hello();
  await client.holds(version);
  assert.equal(client.names.size, 0);
});

Deno.test("an edge that holds a version is sent what changed since then, by the tags that it names", async () => {
  await using stage = await ControlStage.set();
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
  await using stage = await ControlStage.set();
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
  await using stage = await ControlStage.set();
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
  await using stage = await ControlStage.set();
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
  await using stage = await ControlStage.set();
  const client = await stage.dial();
  client.hello();
  await client.first("update");
  const version = put(stage.registry, { kind: "ticket-domain", put: { name: "public", epoch: 0 } });
  await client.holds(version);
  assert.deepEqual(client.updates.at(-1)?.put, []);
});

Deno.test("an edge that does not read is sent the newest state in the end, not each one", async () => {
  await using stage = await ControlStage.set();
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

Deno.test("an edge that is revoked is told so, cut, and not waited for", async () => {
  await using stage = await ControlStage.set();
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
