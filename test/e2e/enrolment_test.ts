import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ApiClient, pathOf } from "../../key-server/admin/client/api_client.ts";
import { formatAddress } from "../../shared/config/address.ts";
import { parseCertificate, type ParsedCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { type CommandResult, runCommand } from "../harness/command.ts";
import { greeting } from "../harness/http_backend.ts";
import { edgeIdentity, keyServerName } from "../harness/identities.ts";
import type { Installation } from "../harness/installation.ts";
import { poll } from "../harness/poll.ts";
import type { ProductProcess } from "../harness/processes/product_process.ts";
import { type System, withSystem } from "../harness/system.ts";

const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));
const pop9 = edgeIdentity("pop9");

const enrolmentAddress = ({ host }: Installation) => formatAddress({ host, port: 4434 });

/** A key server that enrols edges, and may be administered. Certificates are due for renewal as soon as they are there. */
async function withEnrolment(run: (system: System, api: ApiClient) => Promise<void>): Promise<void> {
  await withSystem({
    keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }],
    certificates: "pushed",
    keyServer: (installation) => ({
      registry: { path: "registry.sqlite" },
      admin_api: { unix: "admin.sock" },
      audit: { folder: "audit", key: "pkcs11:object=audit", key_operations: "each" },
      enrolment: {
        address: enrolmentAddress(installation),
        server_ca: "key-server-ca.pem",
        certificate_lifetime_s: 60,
      },
    }),
  }, async (system) => {
    await run(system, await ApiClient.open({ socket: system.installation.file("admin.sock") }));
  });
}

async function tokenFile({ installation }: System, api: ApiClient, name = "token"): Promise<string> {
  const { token } = await api.post<{ token: string }>("/v1/enrolment-tokens", {
    edge: pop9,
    groups: ["europe"],
  });
  const file = installation.file(name);
  await Deno.writeTextFile(file, token + "\n", { mode: 0o600 });
  return file;
}

function enrol({ installation }: System, token: string, ...more: string[]): Promise<CommandResult> {
  const server = ["--server", enrolmentAddress(installation), "--name", keyServerName];
  const args = ["edge", "enroll", "--token-file", token, ...server, "--state", installation.file("pop9")];
  return runCommand(frontDoor, [...args, ...more]);
}

async function identityOf(file: string): Promise<ParsedCertificate> {
  const [, chain] = (await Deno.readTextFile(file)).split(/(?=-----BEGIN CERTIFICATE-----)/);
  return parseCertificate(pemToDer(chain!)[0]!);
}

function startEnrolledEdge(installation: Installation): Promise<ProductProcess> {
  const state = installation.file("pop9");
  const identity = join(state, "identity.pem");
  return installation.startEdge({
    name: "pop9",
    index: 1,
    certificates: "pushed",
    patch: {
      identity: { certificate: identity, private_key: identity },
      control: { state },
      key_server: [{ ...installation.keyServerEntry(), ca: join(state, "key-server-ca.pem") }],
    },
  });
}

Deno.test("an edge enrols with a token, serves with what it is pushed, and renews its certificate by itself", async () => {
  await withEnrolment(async (system, api) => {
    const { installation } = system;
    await api.post("/v1/authorities", { name: "edges", purpose: "edges" });
    await api.post("/v1/permissions/allow", { subject: { group: "europe" }, name: "www.holdfast.test" });
    const token = await tokenFile(system, api);
    const { code, stdout, stderr } = await enrol(system, token);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`This edge is ${pop9}`));
    const file = installation.file("pop9/identity.pem");
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    const first = await identityOf(file);
    assert.deepEqual(first.uris, [pop9]);

    await using edge = await startEnrolledEdge(installation);
    const endpoint = { ...system.endpoint, ...installation.address("edge", 1) };
    const { verified, response } = await opensslClient(endpoint);
    assert(verified && response.endsWith(greeting));
    await poll("the renewal", async () => (await identityOf(file)).serialNumber !== first.serialNumber);
    const renewed = await identityOf(file);
    assert.deepEqual(renewed.uris, [pop9]);
    assert.notDeepEqual(renewed.subjectPublicKeyInfo, first.subjectPublicKeyInfo);
    await poll("the new connection", async () => {
      const { control } = JSON.parse((await edge.admin("/readyz")).body).checks;
      return control.connected;
    });
    assert((await opensslClient(endpoint)).verified);

    const again = await enrol(system, token, "--replace");
    assert.equal(again.code, 1);
    assert.match(again.stderr, /Cannot enrol this edge: the token has been used/);
    assert.equal((await identityOf(file)).serialNumber, renewed.serialNumber);
  });
});

Deno.test("without an edge authority, with a stranger's token and after a revocation nobody is enrolled, and each is told why", async () => {
  await withEnrolment(async (system, api) => {
    const token = await tokenFile(system, api);
    const refused = async (file: string, words: RegExp) => {
      const { code, stderr } = await enrol(system, file);
      assert.equal(code, 1);
      assert.match(stderr, words);
      await assert.rejects(Deno.stat(system.installation.file("pop9/identity.pem")), Deno.errors.NotFound);
    };
    const address = await enrol(system, token, "--name", "127.0.0.1");
    assert.equal(address.code, 2);
    assert.match(address.stderr, /^Cannot hold a certificate against 127\.0\.0\.1: --name/);
    await refused(token, /there is no authority edges/);
    await api.post("/v1/authorities", { name: "edges", purpose: "edges" });
    const text = await Deno.readTextFile(token);
    const strange = system.installation.file("strange");
    await Deno.writeTextFile(strange, text.replace(/^(hfe1\.\w{16}\.)\w{8}/, "$1deadbeef"), { mode: 0o600 });
    await refused(strange, /not one of this key server/);
    const otherCa = await Deno.readTextFile(system.installation.file("web-root.pem"));
    const der = pemToDer(otherCa)[0]!.toBase64({ alphabet: "base64url", omitPadding: true });
    await Deno.writeTextFile(strange, text.trim().replace(/^((?:\w+\.){3}).*$/, `$1${der}`), { mode: 0o600 });
    await refused(strange, /the key server cannot be asked/);
    await api.post(pathOf`/v1/edges/${pop9}/revoke`, { reason: "lost" });
    await refused(token, /is revoked since/);
  });
});
