import assert from "node:assert/strict";
import { controlPreface } from "../../shared/control_protocol/frame.ts";
import { pop1 } from "../registry/testing/entities.ts";
import type { ControlClient } from "./testing/control_client.ts";
import { ControlStage } from "./testing/control_stage.ts";

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
    await using stage = await ControlStage.set();
    const client = await stage.dial();
    misbehave(client);
    await client.first("refused");
    await client.ended();
    assert.equal(stage.protocolErrors, 1);
  });
}

Deno.test("an edge that says nothing, and one that answers no ping, are closed", async () => {
  await using stage = await ControlStage.set({ timing: { hello: 20, ping: 30, write: 1000 } });
  const mute = await stage.dial();
  await mute.ended();
  const deaf = await stage.dial();
  deaf.answersPings = false;
  deaf.hello();
  await deaf.ended();
  assert.ok(deaf.received.some(({ type }) => type === "ping"));
});

Deno.test("a renewal is answered with the chain that is signed, or with the reason why there is none", async () => {
  await using stage = await ControlStage.set();
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
