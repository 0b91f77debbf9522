import assert from "node:assert/strict";
import { poll } from "../../test/harness/poll.ts";
import { edgeEntity, put } from "../registry/testing/entities.ts";
import { announcement, edgeUri, HubStage, instanceOf } from "./testing/hub_stage.ts";

Deno.test("edges of a domain are told of each other, and of nobody else", async () => {
  await using stage = new HubStage().domain("public", "a", "b").domain("other", "b", "c");
  const [a, b, c] = [stage.edge("a", 1).join(), stage.edge("b", 2).join(), stage.edge("c", 3).join()];
  stage.settle();
  await a.sees("public", 2);
  await b.sees("public", 1);
  await b.sees("other", 3);
  await c.sees("other", 2);
  assert.equal(a.roster("other"), undefined);
  assert.deepEqual(a.roster("public")!.members, [
    { instance: instanceOf(2), edge: edgeUri("b"), announcement: announcement(2) },
  ]);
});

Deno.test("an edge that is alone in its domain is told so", async () => {
  await using stage = new HubStage().domain("public", "a");
  const a = stage.edge("a", 1).join();
  stage.settle();
  await a.sees("public");
});

Deno.test("names without a domain are of the domain default where it is there, and of none otherwise", async () => {
  await using stage = new HubStage().domain("public", "a");
  put(stage.registry, { kind: "name", put: { name: "of.default", bindings: [] } });
  stage.permit("a", "default");
  const a = stage.edge("a", 1).join();
  stage.settle();
  await a.sees("public");
  assert.equal(a.roster("default"), undefined);
  put(stage.registry, { kind: "ticket-domain", put: { name: "default", epoch: 7 } });
  await a.sees("default");
  assert.equal(a.roster("default")?.epoch, 7);
});

Deno.test("changes in quick succession are one message; what does not change is not told again", async () => {
  await using stage = new HubStage().domain("public", "a", "b", "c");
  const a = stage.edge("a", 1).join();
  stage.edge("b", 2).join();
  stage.edge("c", 3).join();
  stage.settle();
  await a.sees("public", 2, 3);
  assert.equal(a.received.length, 1);
  stage.edge("b", 2).join(); // the same edge by another connection
  stage.settle();
  stage.edge("c", 3).join(9);
  stage.settle();
  await poll("the new key", () => a.received.length > 1);
  assert.equal(a.received.length, 2);
});

Deno.test("an edge that was lost is live for the grace and not a millisecond longer", async () => {
  await using stage = new HubStage(60_000).domain("public", "a", "b");
  const [a, b] = [stage.edge("a", 1).join(), stage.edge("b", 2).join()];
  stage.settle();
  await a.sees("public", 2);
  b.close();
  const live = () => stage.hub.status.members.map(({ instance }) => instance);
  stage.clock.pass(59_999);
  assert.deepEqual(live(), [instanceOf(1), instanceOf(2)]);
  stage.clock.pass(1);
  assert.deepEqual(live(), [instanceOf(1)]);
  stage.settle();
  await a.sees("public");
});

Deno.test("an edge that returns within the grace gets what was said to it, unless its key is another", async () => {
  await using stage = new HubStage().domain("public", "a", "b");
  const a = stage.edge("a", 1).join();
  const lost = stage.edge("b", 2).join();
  lost.close();
  a.say(2, "first");
  a.say(2, "second");
  assert.equal(await stage.metric('holdfast_key_server_ticket_messages_total{result="queued"}'), 2);
  assert.ok(await stage.metric("holdfast_key_server_ticket_waiting_bytes") > 0);
  const back = stage.edge("b", 2).join();
  await poll("both", () => back.bodies.length === 2);
  assert.deepEqual(back.bodies, ["first", "second"]);
  assert.equal(
    await stage.metric("holdfast_key_server_ticket_waiting_bytes"),
    0,
    "handed over and forgotten",
  );
  back.close();
  a.say(2, "sealed to the former key");
  const restarted = stage.edge("b", 2).join(77);
  a.say(2, "sealed to the new one");
  await poll("the second", () => restarted.bodies.length > 0);
  assert.deepEqual(restarted.bodies, ["sealed to the new one"]);
});

Deno.test("messages go between edges that share a domain, and nowhere else", async () => {
  await using stage = new HubStage().domain("public", "a", "b").domain("other", "c");
  const [a, b, c] = [stage.edge("a", 1).join(), stage.edge("b", 2).join(), stage.edge("c", 3).join()];
  a.say(2, "to b");
  a.say(3, "to c");
  a.say(1, "to itself");
  a.say(9, "to nobody");
  stage.edge("a", 1).say(2, "by a connection that has not joined");
  assert.deepEqual([a.bodies, b.bodies, c.bodies], [[], ["to b"], []]);
  const [message] = b.received.filter(({ type }) => type === "ticket-message");
  assert.deepEqual(message, { type: "ticket-message", from: instanceOf(1), body: btoa("to b") });
  assert.equal(await stage.metric('holdfast_key_server_ticket_messages_total{result="refused"}'), 4);
});

Deno.test("an edge that does not read costs a bounded queue, and others are heard by others", async () => {
  await using stage = new HubStage().domain("public", "a", "b", "c");
  const [a, b, c] = [stage.edge("a", 1).join(), stage.edge("b", 2).join(), stage.edge("c", 3).join()];
  const { promise, resolve } = Promise.withResolvers<void>();
  b.stalled = promise;
  for (let index = 0; index < 300; index++) a.say(2, `a${index}`);
  c.say(2, "c");
  assert.equal(await stage.metric('holdfast_key_server_ticket_messages_total{result="dropped"}'), 300 - 257);
  a.say(3, "on time");
  assert.deepEqual(c.bodies, ["on time"]);
  resolve();
  await poll("the rest", () => b.bodies.length === 258);
  assert.equal(b.bodies.at(-1), "c");
});

Deno.test("nobody takes an instance that another edge goes by", async () => {
  await using stage = new HubStage().domain("public", "a", "b", "c");
  const [a, b] = [stage.edge("a", 1).join(), stage.edge("b", 2).join()];
  const thief = stage.edge("c", 2).join();
  stage.settle();
  await a.sees("public", 2);
  assert.equal(a.roster("public")!.members[0]!.edge, edgeUri("b"));
  a.say(2, "for b");
  assert.deepEqual([b.bodies, thief.bodies], [["for b"], []]);
});

Deno.test("a revoked edge is no member at once, and what waits for it is gone; a new epoch is told with it", async () => {
  await using stage = new HubStage().domain("public", "a", "b");
  const [a, b] = [stage.edge("a", 1).join(), stage.edge("b", 2).join()];
  stage.settle();
  await a.sees("public", 2);
  put(
    stage.registry,
    { kind: "edge", put: edgeEntity(edgeUri("b"), { state: "revoked" }) },
    { kind: "ticket-domain", put: { name: "public", epoch: 2 } },
  );
  await a.sees("public"); // no time has passed
  assert.equal(a.roster("public")?.epoch, 2);
  a.say(2, "too late");
  b.say(1, "too late");
  assert.deepEqual([a.bodies, b.bodies], [[], []]);
  stage.hub.closed(b);
});

Deno.test("an edge whose permission ends leaves the domain, and is told that it shares with nobody there", async () => {
  await using stage = new HubStage().domain("public", "a", "b");
  const [a, b] = [stage.edge("a", 1).join(), stage.edge("b", 2).join()];
  stage.settle();
  await b.sees("public", 1);
  put(stage.registry, { kind: "permission", remove: "b-public" });
  await a.sees("public");
  await b.sees("public");
});

Deno.test("rotate reaches every connected edge of the domain", async () => {
  await using stage = new HubStage().domain("public", "a", "b").domain("other", "c");
  const [a, b, c] = [stage.edge("a", 1).join(), stage.edge("b", 2).join(), stage.edge("c", 3).join()];
  stage.hub.rotate("public");
  const told = [a, b, c].map(({ received }) => received.some(({ type }) => type === "ticket-rotate"));
  assert.deepEqual(told, [true, true, false]);
});

Deno.test("a domain that has no room in one message leaves members out, the same for all, and says so", async () => {
  const edges = Array.from({ length: 400 }, (_, index) => `e${index}`);
  await using stage = new HubStage().domain("public", ...edges);
  const chain = ["A".repeat(15_000)];
  const all = edges.map((name, index) => {
    const edge = stage.edge(name, index + 1);
    const long = announcement(index % 256, { chain });
    stage.hub.received(edge, { type: "ticket-join", announcement: long });
    return edge;
  });
  stage.settle();
  await poll("every list", () => all.every((edge) => edge.roster("public") !== undefined));
  const leftOut = await stage.metric("holdfast_key_server_ticket_members_left_out");
  assert.ok(leftOut > 100 && leftOut < 200, String(leftOut));
  assert.equal(all[0]!.roster("public")!.members.length, 400 - leftOut - 1);
  assert.equal(all[399]!.roster("public")!.members.length, 400 - leftOut);
});
