import assert from "node:assert/strict";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { keyServerConfig } from "../harness/default_configs.ts";
import type { Installation } from "../harness/installation.ts";
import { edgeIdentity } from "../harness/identities.ts";
import { withSystem } from "../harness/system.ts";

Deno.test("an edge without a grant is told not-authorised; its client gets an alert; the refusal is counted and logged", async () => {
  await withSystem({}, async (system) => {
    await using stranger = await system.installation.startEdge({ index: 1, name: "pop2" });
    const endpoint = { ...system.endpoint, ...system.installation.address("edge", 1) };
    const refused = await opensslClient(endpoint);
    assert.equal(refused.verified, false);
    assert(refused.alert === 80 || refused.alert === 40, refused.output);

    const labels = { operation: "sign-tls13", result: "not-authorised" };
    assert.equal(await system.keyServer.metric("holdfast_key_server_operations_total", labels), 1);
    await system.keyServer.record(
      "the refusal, with the edge's name",
      (record) =>
        JSON.stringify(record).includes(edgeIdentity("pop2")) &&
        JSON.stringify(record).includes("not-authorised"),
    );
    assert(stranger.running);

    const granted = await opensslClient(system.endpoint);
    assert(granted.verified, "the edge with a grant is served meanwhile");
  });
});

Deno.test("a strict grant signs only for names it lists, over messages that the key server has parsed itself", async () => {
  const keyServer = (installation: Installation) => {
    const grants = keyServerConfig(installation, 0).grant as ConfigTable[];
    return {
      grant: grants.map((grant) => ({
        ...grant,
        operations: ["sign-tls13"],
        server_names: ["www.holdfast.test"],
        transcript: "strict",
      })),
    };
  };
  const edge = { tls: { transcript: "strict" } };
  const names = ["www.holdfast.test", "api.holdfast.test"] as const;
  await withSystem({ names, keyServer, edge }, async (system) => {
    const allowed = await opensslClient(system.endpoint);
    assert(allowed.verified, allowed.output);
    const retried = await opensslClient(system.endpoint, { groups: "X448:P-384" });
    assert(retried.verified, retried.output);
    const refused = await opensslClient({ ...system.endpoint, serverName: "api.holdfast.test" });
    assert.equal(refused.verified, false);
    const labels = { operation: "sign-tls13", result: "not-authorised" };
    assert.equal(await system.keyServer.metric("holdfast_key_server_operations_total", labels), 1);
  });
});
