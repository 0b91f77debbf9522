import assert from "node:assert/strict";
import { poll } from "../../test/harness/poll.ts";
import { ControlStage, silent } from "../control/testing/control_stage.ts";
import type { ControlClient } from "../control/testing/control_client.ts";
import { edgeEntity, pop1, put } from "../registry/testing/entities.ts";
import { LocalHubState } from "./local_hub_state.ts";
import { announcement, instanceOf } from "./testing/hub_stage.ts";
import { TicketHub } from "./ticket_hub.ts";

/** Installations of one edge, over connections as edges have them. */
async function withHub(run: (stage: ControlStage, hub: TicketHub) => Promise<void>): Promise<void> {
  await using stage = await ControlStage.set();
  await stage.addName("www");
  put(stage.registry, { kind: "ticket-domain", put: { name: "default", epoch: 3 } });
  using hub = new TicketHub({
    registry: stage.registry,
    permissions: () => stage.service.permissions,
    grace: 60_000,
    state: new LocalHubState(),
    metrics: stage.metrics,
    log: silent,
  });
  stage.service.tickets = hub;
  await run(stage, hub);
}

async function join(stage: ControlStage, number: number): Promise<ControlClient> {
  const client = await stage.dial();
  client.hello({ instance: instanceOf(number) });
  client.say({ type: "ticket-join", announcement: announcement(number) });
  return client;
}

const membersOf = ({ received }: ControlClient) =>
  received.findLast((message) => message.type === "ticket-members")?.members.map(({ instance }) => instance);

Deno.test("over control connections: who is there, and what one says to the other", async () => {
  await withHub(async (stage) => {
    const [one, other] = [await join(stage, 1), await join(stage, 2)];
    await poll("the other", () => membersOf(one)?.[0] === instanceOf(2));
    await poll("the one", () => membersOf(other)?.[0] === instanceOf(1));
    assert.equal((await one.first("ticket-members")).epoch, 3);
    one.say({ type: "ticket-send", to: instanceOf(2), body: "c2VhbGVk" });
    const message = await other.first("ticket-message");
    assert.deepEqual(message, { type: "ticket-message", from: instanceOf(1), body: "c2VhbGVk" });
  });
});

Deno.test("a connection that ends leaves its member lost, and one that takes its place finds it again", async () => {
  await withHub(async (stage, hub) => {
    const one = await join(stage, 1);
    const other = await join(stage, 2);
    await poll("the other", () => membersOf(one)?.length === 1);
    other[Symbol.dispose]();
    const connected = () => hub.status.members.map((member) => member.connected);
    await poll("the loss", () => connected().includes(false));
    one.say({ type: "ticket-send", to: instanceOf(2), body: "a2VwdA==" });
    const back = await join(stage, 2);
    assert.equal((await back.first("ticket-message")).body, "a2VwdA==");
    const again = await join(stage, 2);
    await back.ended();
    await poll("the members", () => membersOf(again)?.length === 1);
    assert.deepEqual(connected(), [true, true]);
  });
});

Deno.test("a revoked edge's connections end, and it is no member", async () => {
  await withHub(async (stage, hub) => {
    const one = await join(stage, 1);
    await poll("the member", () => hub.status.members.length === 1);
    put(stage.registry, { kind: "edge", put: edgeEntity(pop1, { state: "revoked" }) });
    await one.ended();
    assert.deepEqual(hub.status.members, []);
    assert.deepEqual((await one.first("revoked")).reason, "the edge was revoked");
  });
});
