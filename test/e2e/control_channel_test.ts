import assert from "node:assert/strict";
import { join } from "node:path";
import { ApiClient, pathOf } from "../../key-server/admin/client/api_client.ts";
import { writeIdentity } from "../../certs/write.ts";
import { formatAddress } from "../../shared/config/address.ts";
import { parseCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import { Pkcs10CertificateRequest } from "../../shared/pki/x509.ts";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { mustRun } from "../harness/command.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { greeting } from "../harness/http_backend.ts";
import { edgeIdentity } from "../harness/identities.ts";
import { poll } from "../harness/poll.ts";
import type { ProductProcess } from "../harness/processes/product_process.ts";
import { type System, withSystem } from "../harness/system.ts";
import { OpensslSession } from "./openssl_session.ts";

const keys = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
const follower = "spiffe://holdfast.test/key-server/second";
const site = "www.holdfast.test";

/** A whole Holdfast whose edge, of two workers, has no certificate file, and whose registry can be administered. */
async function withPushedCertificates(
  run: (system: System, api: ApiClient) => Promise<void>,
  followers: readonly string[] = [],
): Promise<void> {
  await withSystem({
    keys,
    certificates: "pushed",
    keyServer: { registry: { path: "registry.sqlite", followers }, admin_api: { unix: "admin.sock" } },
    edge: { workers: 2 },
  }, async (system) => {
    await run(system, await ApiClient.open({ socket: system.installation.file("admin.sock") }));
  });
}

/** An edge that clients reach, and the key server that it is asked of. */
type Served = Pick<System, "endpoint" | "edge" | "keyServer">;

async function serves(system: Served): Promise<boolean> {
  const { verified, response } = await opensslClient(system.endpoint);
  return verified && response.endsWith(greeting);
}

/** The serial number of the certificate that a client is shown. */
async function servedSerial({ endpoint: { host, port, serverName } }: Served): Promise<string> {
  const { stdout } = await mustRun("openssl", [
    "s_client",
    "-connect",
    `${host}:${port}`,
    "-servername",
    serverName,
  ]);
  return serialOf(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout)![0]);
}

function serialOf(pem: string): string {
  return parseCertificate(pemToDer(pem)[0]!).serialNumber;
}

interface ControlCheck {
  readonly connected: boolean;
  readonly version: number;
  readonly acknowledgedVersion: number;
  readonly kept: boolean;
  readonly revoked?: string;
  readonly withoutCertificate: readonly string[];
}

async function controlOf(edge: ProductProcess): Promise<ControlCheck> {
  return JSON.parse((await edge.admin("/readyz")).body).checks.control;
}

/** Has a new certificate for the same key installed; resolves to its serial number. */
async function renewCertificate({ installation }: System, api: ApiClient): Promise<string> {
  const [key] = installation.token.keys;
  const chain = await installation.pki.siteCertificate(key!.publicKeyInfo, installation.names);
  await api.post(pathOf`/v1/names/${site}/certificates`, { chain });
  return serialOf(chain);
}

async function allServe(system: Served, serial: string): Promise<void> {
  await poll("the renewed certificate", async () => await servedSerial(system) === serial);
  // Each worker has the same: no handshake shows the former one any more once it is acknowledged.
  const version = await system.keyServer.metric("holdfast_key_server_registry_version");
  await poll(
    "the acknowledgement",
    async () => (await controlOf(system.edge)).acknowledgedVersion >= version,
  );
  for (let handshake = 0; handshake < 8; handshake++) assert.equal(await servedSerial(system), serial);
}

Deno.test("a site without certificate files is served with what is pushed, and a renewal reaches all workers", async () => {
  await withPushedCertificates(async (system, api) => {
    assert(await serves(system));
    const session = await OpensslSession.fetch(
      system.endpoint,
      "1.3",
      system.installation.file("session.pem"),
    );
    const serial = await renewCertificate(system, api);
    await allServe(system, serial);
    const { edges } = await api.get<
      { edges: { identity: string; connected: boolean; acknowledgedVersion: number }[] }
    >(
      "/v1/edges",
    );
    const { version } = await controlOf(system.edge);
    assert.deepEqual(
      edges.map(({ identity, connected, acknowledgedVersion }) => [identity, connected, acknowledgedVersion]),
      [[edgeIdentity("pop1"), true, version]],
    );
    const resumed = await session.resume(system.endpoint);
    assert(resumed.resumed, "a ticket from before the renewal resumes");
  });
});

Deno.test("an edge that starts while its key server is away has its certificates, and serves when it is back", async () => {
  await withPushedCertificates(async (system) => {
    const { version } = await poll("the acknowledgement", async () => {
      const control = await controlOf(system.edge);
      return control.kept && control.acknowledgedVersion === control.version && control;
    });
    await system.keyServer.kill();
    assert(
      (await poll("the loss", async () => {
        const control = await controlOf(system.edge);
        return !control.connected && control;
      })).version === version,
    );
    await system.edge.kill();
    await system.edge.restart();
    const control = await poll("the edge", () => controlOf(system.edge));
    assert.deepEqual([control.version, control.connected, control.withoutCertificate], [version, false, []]);
    await system.keyServer.restart();
    await system.keyServer.ready();
    await poll("an edge that serves", () => serves(system));
    await poll("the connection", async () => (await controlOf(system.edge)).connected);
    assert.equal(await system.edge.metric("holdfast_edge_control_version"), version);
  });
});

Deno.test("when the worker that speaks is killed another one does, and pushes go on", async () => {
  await withPushedCertificates(async (system, api) => {
    const speaker = () => system.edge.records.findLast(({ event }) => event === "control-speaker")?.worker;
    const first = speaker();
    Deno.kill(Number(first), "SIGKILL");
    await system.edge.record(
      "the crash",
      ({ event, worker }) => event === "worker-crashed" && worker === first,
    );
    await poll("another speaker", () => speaker() !== first);
    await allServe(system, await renewCertificate(system, api));
  });
});

Deno.test("an edge that is revoked says so, is not ready, and has nothing signed any more; also after a restart", async () => {
  await withPushedCertificates(async (system, api) => {
    assert(await serves(system));
    await api.post(pathOf`/v1/edges/${edgeIdentity("pop1")}/revoke`, { reason: "stolen" });
    const record = await system.edge.record("the revocation", ({ event }) => event === "edge-revoked");
    assert.match(String(record.reason), /stolen/);
    const { status, body } = await system.edge.admin("/readyz");
    assert.equal(status, 503);
    assert.match(JSON.parse(body).checks.control.revoked, /stolen/);
    assert.equal(await serves(system), false);

    await system.edge.restart();
    await system.edge.record("the revocation", ({ event }) => event === "edge-revoked");
    assert.equal((await system.edge.admin("/readyz")).status, 503);
    assert.equal(await serves(system), false);
  });
});

Deno.test("an edge that comes up without any certificate refuses clients, and is not ready", async () => {
  await withSystem({ keys }, async (system) => {
    const patch: ConfigTable = { site: [{ names: ["other.holdfast.test"], backend: "127.0.0.1:9" }] };
    const options = { index: 1, patch, certificates: "pushed", wait: false } as const;
    await using edge = await system.installation.startEdge(options);
    await edge.record("the connection", ({ event }) => event === "control-connected");
    const { status, body } = await edge.admin("/readyz");
    assert.equal(status, 503);
    assert.deepEqual(JSON.parse(body).checks.control.withoutCertificate, ["other.holdfast.test"]);
    const endpoint = { ...system.endpoint, ...system.installation.address("edge", 1) };
    const { alert } = await opensslClient({ ...endpoint, serverName: "other.holdfast.test" });
    assert.equal(alert, 112, "unrecognized_name");
  });
});

Deno.test("the control channel comes over a unix socket, too", async () => {
  const socket = { path: "ks.sock", peers: [{ uid: Deno.uid()!, identity: edgeIdentity("pop1") }] };
  await withSystem({
    keys,
    certificates: "pushed",
    keyServer: { unix: socket },
    edge: ({ folder }) => ({ key_server: [{ unix: join(folder, "ks.sock") }] }),
  }, async (system) => {
    assert(await serves(system));
    assert.equal((await controlOf(system.edge)).connected, true);
  });
});

Deno.test("a rotation reaches clients through the control channel: no handshake fails, and none shows the old key after", async () => {
  await withPushedCertificates(async (system, api) => {
    const rotation = await api.post<{ id: string }>("/v1/rotations", {
      name: site,
      algorithm: "rsa-2048",
      issuer: "csr",
      drainTime: 200,
      destroys: true,
    });
    const { request } = await poll("the request", () => {
      return api.post<{ request: string }>("/v1/certificate-requests", { name: site });
    });
    const { publicKey } = new Pkcs10CertificateRequest(request);
    const { installation: { pki, names } } = system;
    const chain = await pki.siteCertificate(new Uint8Array(publicKey.rawData), names);
    let stop = false;
    let step = "";
    const seen: { readonly stepBefore: string; readonly serial: string }[] = [];
    const clients = (async () => {
      while (!stop) {
        const stepBefore = step;
        seen.push({ stepBefore, serial: await servedSerial(system) });
        assert(await serves(system), `a handshake failed at ${step}`);
      }
    })();
    clients.catch(() => {}); // awaited below
    await api.post(pathOf`/v1/names/${site}/certificates`, { chain });
    await poll("the rotation's end", async () => {
      step = (await api.get<{ step: string }>(pathOf`/v1/rotations/${rotation.id}`)).step;
      return step === "done";
    }, 30_000);
    stop = true;
    await clients;
    const serial = serialOf(chain);
    const after = seen.filter(({ stepBefore }) =>
      ["drain", "retire-key", "destroy-key"].includes(stepBefore)
    );
    assert.deepEqual(after.filter((one) => one.serial !== serial), []);
    assert.equal(await servedSerial(system), serial);
  });
});

/** A second key server, which follows the first one's registry. */
async function startReplica({ installation }: System): Promise<ProductProcess> {
  await writeIdentity(installation.folder, "follower", await installation.pki.edgeIdentity(follower));
  const follow = {
    address: formatAddress(installation.address("keyServer")),
    name: "key-server.holdfast.test",
    ca: "key-server-ca.pem",
    certificate: "follower.pem",
    private_key: "follower.key",
  };
  const patch = { registry: { path: "replica.sqlite", follow } };
  return await installation.startKeyServer({ index: 1, patch });
}

Deno.test("an edge tells both of two key servers how far it is, and either may go: certificates stay, and pushes go on", async () => {
  await withPushedCertificates(async (system, api) => {
    const { installation } = system;
    await using replica = await startReplica(system);
    const both = [installation.keyServerEntry(1), installation.keyServerEntry(0)];
    await using edge = await installation.startEdge({
      index: 1,
      patch: { workers: 2, key_server: both },
      certificates: "pushed",
    });
    const { keyServer } = system;
    const second = { keyServer, edge, endpoint: { ...system.endpoint, ...installation.address("edge", 1) } };
    const version = () => system.keyServer.metric("holdfast_key_server_registry_version");
    await allServe(second, await renewCertificate(system, api));
    for (const keyServer of [system.keyServer, replica]) {
      await poll(
        `an acknowledgement at ${keyServer.name}`,
        async () =>
          await keyServer.metric("holdfast_key_server_control_edges", { state: "behind" }) === 0 &&
          await keyServer.metric("holdfast_key_server_registry_version") === await version(),
      );
    }
    await system.keyServer.kill();
    assert(await serves(second), "the replica signs");
    assert.equal((await controlOf(edge)).connected, true);
    await system.keyServer.restart();
    await system.keyServer.ready();
    await replica.kill();
    await allServe(second, await renewCertificate(system, api));
  }, [follower]);
});
