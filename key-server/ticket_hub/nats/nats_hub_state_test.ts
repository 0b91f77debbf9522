import assert from "node:assert/strict";
import { createLogger } from "../../../shared/log.ts";
import { poll } from "../../../test/harness/poll.ts";
import { edgeEntity, openRegistry, put } from "../../registry/testing/entities.ts";
import type { NatsConfig } from "../config.ts";
import { Broker } from "../testing/broker.ts";
import { HubStage, instanceOf } from "../testing/hub_stage.ts";
import { NatsHubState } from "./nats_hub_state.ts";

const silent = createLogger("test", "silent");

/** A key server of its own process's view: its hub, and the broker's. */
async function keyServer(config: NatsConfig): Promise<HubStage> {
  const state = new NatsHubState(config, silent);
  const stage = new HubStage(config.grace, openRegistry(), state).domain("public", "a", "b", "c");
  await poll("the broker", () => state.problem === undefined);
  return stage;
}

/** Until the hub has seen what the broker said. */
async function settles(stage: HubStage, check: () => boolean): Promise<void> {
  await poll("what other key servers know", () => {
    stage.settle();
    return check();
  });
}

const liveIn = (stage: HubStage) => stage.hub.status.members.map(({ instance }) => Number(`0x${instance}`));

Deno.test("edges at two key servers see each other, and their messages cross", async () => {
  await using broker = await Broker.start();
  await using one = await keyServer(broker.config());
  await using other = await keyServer(broker.config());
  const [a, b] = [one.edge("a", 1).join(), other.edge("b", 2).join()];
  await settles(one, () => a.roster("public")?.members.length === 1);
  await settles(other, () => b.roster("public")?.members.length === 1);
  assert.equal(a.roster("public")!.members[0]!.instance, instanceOf(2));
  a.say(2, "across");
  await poll("the message", () => b.bodies.length === 1);
  assert.deepEqual(b.bodies, ["across"]);
  assert.equal(await one.metric('holdfast_key_server_ticket_messages_total{result="carried"}'), 1);
  b.say(1, "and back");
  await poll("the answer", () => a.bodies.length === 1);
});

Deno.test("a key server that comes later knows at once who is there, and what they reported", async () => {
  await using broker = await Broker.start();
  const config = broker.config({ grace: 900 });
  await using one = await keyServer(config);
  const a = one.edge("a", 1).join();
  one.hub.received(a, { type: "ticket-report", domains: [], issued: 5, resumed: 4, refused: 1 });
  await using late = await keyServer(config);
  await settles(late, () => late.hub.status.members[0]?.report?.report.issued === 5);
  const [member] = late.hub.status.members;
  assert.equal(member!.connected, true);
});

Deno.test("an edge with connections to two key servers is one member, and is told once to rotate", async () => {
  await using broker = await Broker.start();
  await using one = await keyServer(broker.config());
  await using other = await keyServer(broker.config());
  const both = [one.edge("a", 1).join(), other.edge("a", 1).join()];
  const b = one.edge("b", 2).join();
  await settles(one, () => liveIn(one).length === 2 && one.state.others.size === 1);
  await settles(other, () => liveIn(other).length === 2 && other.state.others.size === 2);
  b.say(1, "once");
  const rotations = () =>
    [...both, b].map(({ received }) => received.filter(({ type }) => type === "ticket-rotate"));
  other.hub.rotate("public");
  await poll("the rotation", () => rotations()[2]!.length === 1);
  await poll("the other rotation", () => rotations().flat().length === 2);
  assert.equal([...both[0]!.bodies, ...both[1]!.bodies].length, 1);
});

Deno.test("an edge of a key server that dies is live for the grace; it moves without a loss", async () => {
  await using broker = await Broker.start();
  const config = broker.config({ grace: 600 });
  await using one = await keyServer(config);
  const dying = await keyServer(config);
  const a = one.edge("a", 1).join();
  dying.edge("b", 2).join();
  dying.edge("c", 3).join();
  await settles(one, () => liveIn(one).length === 3);
  await dying.state[Symbol.asyncDispose](); // it says goodbye to nobody
  assert.deepEqual(liveIn(one), [1, 2, 3]);
  const moved = one.edge("b", 2).join();
  a.say(2, "at its new place");
  assert.deepEqual(moved.bodies, ["at its new place"]);
  await settles(one, () => liveIn(one).length === 2);
  assert.deepEqual(liveIn(one), [1, 2]);
  await dying[Symbol.asyncDispose]();
});

Deno.test("a broker that is killed and comes back empty is told everything again", async () => {
  await using broker = await Broker.start();
  const config = broker.config();
  await using one = await keyServer(config);
  await using other = await keyServer(config);
  const [a, b] = [one.edge("a", 1).join(), other.edge("b", 2).join()];
  await settles(one, () => liveIn(one).length === 2);
  await broker.kill();
  await poll("the loss", () => one.state.problem !== undefined && other.state.problem !== undefined);
  assert.deepEqual(liveIn(one), [1, 2], "within the grace nobody is forgotten");
  const near = one.edge("c", 3).join();
  a.say(3, "needs no broker");
  assert.deepEqual(near.bodies, ["needs no broker"]);
  await broker.run();
  await settles(other, () => liveIn(other).length === 3);
  a.say(2, "again");
  await poll("the message", () => b.bodies.includes("again"));
});

Deno.test("without the broker others are forgotten after the grace", async () => {
  await using broker = await Broker.start();
  const config = broker.config({ grace: 300 });
  await using one = await keyServer(config);
  await using other = await keyServer(config);
  one.edge("a", 1).join();
  other.edge("b", 2).join();
  await settles(one, () => liveIn(one).length === 2);
  await broker.kill();
  await settles(one, () => liveIn(one).length === 1);
});

Deno.test("a revoked edge leaves the others' lists at once", async () => {
  await using broker = await Broker.start();
  await using one = await keyServer(broker.config());
  await using other = await keyServer(broker.config());
  const a = one.edge("a", 1).join();
  const b = other.edge("b", 2).join();
  await settles(one, () => liveIn(one).length === 2);
  put(other.registry, { kind: "edge", put: edgeEntity(b.edge, { state: "revoked" }) });
  await settles(one, () => a.roster("public")?.members.length === 0);
});

Deno.test("the broker's disk has nothing of it", async () => {
  await using broker = await Broker.start();
  await using one = await keyServer(broker.config());
  await using other = await keyServer(broker.config());
  const [a] = [one.edge("a", 1).join(), other.edge("b", 2).join()];
  await settles(one, () => liveIn(one).length === 2);
  a.say(2, "a body that is looked for");
  await broker.kill();
  const texts: string[] = [];
  for (const path of await filesIn(broker.store)) {
    texts.push(new TextDecoder().decode(await Deno.readFile(path)));
  }
  const wanted = [instanceOf(1), btoa("a body that is looked for"), a.edge];
  assert.deepEqual(wanted.filter((text) => texts.some((each) => each.includes(text))), []);
});

Deno.test("a key server whose certificate the broker refuses goes on, and says why", async () => {
  await using broker = await Broker.start();
  const state = new NatsHubState(broker.strangerConfig(), silent);
  await using stage = new HubStage(60_000, openRegistry(), state).domain("public", "a", "b");
  const [a, b] = [stage.edge("a", 1).join(), stage.edge("b", 2).join()];
  await poll("a reason", () => state.problem !== "it has not been reached yet");
  await poll("three refusals", async () => (await broker.log()).split("TLS handshake error").length > 3);
  assert.notEqual(state.problem, undefined);
  a.say(2, "nearby");
  assert.deepEqual(b.bodies, ["nearby"]);
});

async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    found.push(...isDirectory ? await filesIn(path) : [path]);
  }
  return found;
}
