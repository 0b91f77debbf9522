import assert from "node:assert/strict";
import { join } from "node:path";
import { edgeIdentity } from "../test/harness/identities.ts";
import { TestClient } from "./test_client.ts";
import { KeyServerSetup } from "./test_setup.ts";

const ping = { operation: "ping" } as const;
const oneKey = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;

function localServer(uid: number, mode = "0600"): Promise<KeyServerSetup> {
  return KeyServerSetup.start({
    keys: oneKey,
    patch: ({ folder }) => ({
      unix: { path: join(folder, "ks.sock"), mode, peers: [{ uid, identity: edgeIdentity("pop1") }] },
    }),
  });
}

const socketOf = (setup: KeyServerSetup) => setup.installation.file("ks.sock");

Deno.test("M23: a local edge, known by its uid, is served over a unix socket of mode 0600 with its grants", async () => {
  await using setup = await localServer(Deno.uid()!);
  assert.equal((await Deno.stat(socketOf(setup))).mode! & 0o777, 0o600);
  using client = await TestClient.dialUnix(socketOf(setup));
  assert.deepEqual(await client.ask(ping), { type: "pong" });
  assert.equal((await client.ask(await setup.request()))?.type, "signature");
});

Deno.test("M23: a user that the configuration does not name is closed, counted and logged", async () => {
  await using setup = await localServer(Deno.uid()! + 1, "0660");
  assert.equal((await Deno.stat(socketOf(setup))).mode! & 0o777, 0o660);
  using client = await TestClient.dialUnix(socketOf(setup));
  await client.send(ping).catch(() => {});
  assert.equal(await client.closed(), true);
  const labels = { reason: "identity" };
  assert.equal(await setup.server.metric("holdfast_key_server_connections_refused_total", labels), 1);
  await setup.server.record("the refusal", (r) => r.event === "connection-refused" && r.uid === Deno.uid());
});

Deno.test("a peer that does not begin with holdfast/1 breaks the protocol", async () => {
  await using setup = await localServer(Deno.uid()!);
  using client = await TestClient.dialUnix(socketOf(setup), new TextEncoder().encode("holdfast/2\n"));
  const answer = await client.answer(0);
  assert.equal(answer?.type === "error" && answer.code, "bad-request");
  assert.equal(await client.closed(), true);
});

Deno.test("a socket file left behind by a killed key server does not keep the next one from listening", async () => {
  await using setup = await localServer(Deno.uid()!);
  await setup.server.kill();
  assert.equal((await Deno.stat(socketOf(setup))).isSocket, true);
  await setup.server.restart();
  await setup.server.ready();
  using client = await TestClient.dialUnix(socketOf(setup));
  assert.deepEqual(await client.ask(ping), { type: "pong" });
});
