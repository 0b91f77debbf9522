import assert from "node:assert/strict";
import { edgeIdentity } from "../../../test/harness/identities.ts";
import type { ConfigTable } from "../../../test/harness/config_patch.ts";
import type { Installation } from "../../../test/harness/installation.ts";
import { poll } from "../../../test/harness/poll.ts";
import type { ProductProcess } from "../../../test/harness/processes/product_process.ts";
import { formatAddress } from "../../../shared/config/address.ts";
import { writeIdentity } from "../../../certs/write.ts";
import { ApiClient } from "../../admin/client/api_client.ts";
import type { Status } from "../../admin/schemas/status.ts";
import { TestClient } from "../../test_client.ts";
import { KeyServerSetup } from "../../test_setup.ts";

const oneKey = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
const second = "spiffe://holdfast.test/key-server/2";

const adminApi = (unix: string) => ({ unix, administrator: [{ uid: Deno.uid()!, role: "admin" }] });

function primary(_: Installation): ConfigTable {
  return { registry: { path: "primary.sqlite", followers: [second] }, admin_api: adminApi("primary.sock") };
}

/** The second key server of the installation follows the first, as `identity`. */
async function startReplica(setup: KeyServerSetup, identity = second, wait = true): Promise<ProductProcess> {
  const { installation } = setup;
  await writeIdentity(installation.folder, "follower", await installation.pki.edgeIdentity(identity));
  return await installation.startKeyServer({
    index: 1,
    wait,
    patch: {
      registry: {
        path: "replica.sqlite",
        follow: {
          address: formatAddress(installation.address("keyServer")),
          name: "key-server.holdfast.test",
          ca: "key-server-ca.pem",
          certificate: "follower.pem",
          private_key: "follower.key",
        },
      },
      admin_api: adminApi("replica.sock"),
    },
  });
}

const admin = (setup: KeyServerSetup, name: string) =>
  ApiClient.open({ socket: setup.installation.file(`${name}.sock`) });

async function versionOf(api: ApiClient): Promise<number> {
  return (await api.get<Status>("/v1/status")).registry.version;
}

/** Resolves when the replica has what the primary has. */
async function converged(setup: KeyServerSetup): Promise<void> {
  const [one, other] = [await admin(setup, "primary"), await admin(setup, "replica")];
  const history = (api: ApiClient) => api.get<unknown>("/v1/history?after=0&limit=1000");
  await poll("the same version", async () => await versionOf(one) === await versionOf(other));
  assert.deepEqual(await history(other), await history(one));
}

/** Why the replica takes nothing from its primary. */
async function problem(replica: ProductProcess, words: RegExp): Promise<void> {
  await poll(`a problem like ${words}`, async () => words.test((await replica.admin("/readyz")).body));
}

async function signs(setup: KeyServerSetup, server: 0 | 1): Promise<string> {
  using client = await TestClient.dial({
    address: setup.installation.address("keyServer", server),
    ca: setup.installation.pki.keyServers.certificatePem,
    identity: await setup.identity(),
  });
  const answer = await client.ask(await setup.request());
  return answer?.type === "error" ? answer.code : answer?.type ?? "refused";
}

const revoke = (edge: string) => `/v1/edges/${encodeURIComponent(edgeIdentity(edge))}/revoke`;

Deno.test("a replica takes all that its primary has and does, refuses changes, serves on without it, and catches up", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey, patch: primary });
  await using replica = await startReplica(setup);
  await converged(setup);
  assert.equal(await signs(setup, 1), "signature", "it serves the keys that the primary has imported");
  const [one, other] = [await admin(setup, "primary"), await admin(setup, "replica")];
  await one.post(revoke("pop9"));
  await converged(setup);
  await assert.rejects(other.post(revoke("pop8")), { code: "registry-read-only" });

  assert.equal(await replica.metric("holdfast_key_server_follows_primary"), 1);
  await setup.server.kill();
  await problem(replica, /primary/);
  assert.equal(await replica.metric("holdfast_key_server_follows_primary"), 0);
  assert.equal(await signs(setup, 1), "signature");
  await assert.rejects(other.post(revoke("pop8")), { code: "registry-read-only" });
  await setup.server.restart();
  await setup.server.ready();
  await one.post(revoke("pop7"));
  await converged(setup);

  await replica.kill();
  for (const edge of ["pop4", "pop5", "pop6"]) await one.post(revoke(edge));
  await one.post(revoke("pop1"));
  await replica.restart();
  await replica.ready();
  await converged(setup);
  assert.notEqual(await signs(setup, 1), "signature", "a revocation that it was away for");
});

Deno.test("a primary that was put back to an older backup is refused by a replica that is ahead, which serves on", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey, patch: primary });
  await using replica = await startReplica(setup);
  const one = await admin(setup, "primary");
  const file = setup.installation.file("primary.sqlite");
  await converged(setup);
  const { body: backup } = await one.send("GET", "/v1/backup");
  await one.post(revoke("pop8"));
  await converged(setup);
  await setup.server.kill();
  for (const name of [file, `${file}-wal`]) await Deno.remove(name).catch(() => {});
  await Deno.writeFile(file, backup, { mode: 0o600 });
  await setup.server.restart();
  await setup.server.ready();
  await problem(replica, /restored from an older backup/);
  // Another change under the same version.
  await one.post(revoke("pop7"));
  await problem(replica, /its history is another one/);
  assert.equal(await signs(setup, 1), "signature");
});

Deno.test("who is not listed follows nothing, and a replica without anything is not ready", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey, patch: primary });
  await using replica = await startReplica(setup, edgeIdentity("pop1"), false);
  await poll("the refusal", async () => {
    const { status, body } = await replica.admin("/readyz").catch(() => ({ status: 0, body: "" }));
    return status === 503 && /is not one of the primary's followers/.test(body);
  });
  assert.equal(await signs(setup, 1), "unknown-key");
});
