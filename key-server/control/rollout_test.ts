import assert from "node:assert/strict";
import { Metrics } from "../../shared/metrics.ts";
import { poll } from "../../test/harness/poll.ts";
import { pop1 } from "../registry/testing/entities.ts";
import { ControlService } from "./control_service.ts";
import { ControlStage, silent } from "./testing/control_stage.ts";

const otherInstance = "11".repeat(16);

Deno.test("who is behind: by version, by permission, by a problem with the name", async () => {
  await using stage = await ControlStage.set({ grace: 0 });
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
  await using stage = await ControlStage.set({ grace: 0 });
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
  await using stage = await ControlStage.set({ grace: 30 });
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
  await using before = await ControlStage.set();
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
  await using stage = await ControlStage.set();
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
  await using stage = await ControlStage.set();
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

Deno.test("edges and their versions are in the metrics", async () => {
  await using stage = await ControlStage.set();
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
