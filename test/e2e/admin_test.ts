import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Authority } from "../../certs/authority.ts";
import { writeIdentity, writePublic } from "../../certs/write.ts";
import { Pkcs10CertificateRequest } from "../../shared/pki/x509.ts";
import { formatAddress } from "../../shared/config/address.ts";
import { curl } from "../harness/clients/curl.ts";
import { type CommandResult, mustRun, runCommand } from "../harness/command.ts";
import { edgeIdentity, keyServerName } from "../harness/identities.ts";
import { ChildProcess } from "../harness/processes/child_process.ts";
import { poll } from "../harness/poll.ts";
import { System, withSystem } from "../harness/system.ts";

const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));
const site = "www.holdfast.test";
const pop1 = edgeIdentity("pop1");
const oneKey = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;

const administered = {
  keys: oneKey,
  certificates: "pushed",
  keyServer: {
    registry: { path: "registry.sqlite" },
    admin_api: { unix: "admin.sock" },
    rotation: { drain_ms: 200 },
  },
} as const;

function cli(system: System): (...args: string[]) => Promise<CommandResult> {
  const env = { HOLDFAST_ADMIN: system.installation.file("admin.sock") };
  return (...args) => runCommand(frontDoor, args, { env, deadline: 60_000 });
}

async function succeed(result: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await result;
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

/** What the edge serves now to a client without a session, whoever certified it: its leaf. Rejects where the handshake fails. */
async function served({ endpoint: { host, port, serverName } }: System): Promise<X509Certificate> {
  const args = ["s_client", "-connect", `${host}:${port}`, "-servername", serverName];
  const { code, stdout } = await runCommand("openssl", args);
  const leaf = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(stdout)?.[0];
  if (code !== 0 || leaf === undefined) throw new Error(`Cannot shake hands: ${stdout}`);
  return new X509Certificate(leaf);
}

/** The labels of the private keys in the token. */
async function keysInToken({ installation: { token } }: System): Promise<string[]> {
  const module = /module-path=([^&]+)/.exec(token.uri)![1]!;
  const pin = (await Deno.readTextFile(token.pinFile)).trim();
  const args = [
    "--module",
    module,
    "--token-label",
    token.label,
    "--login",
    "--pin",
    pin,
    "-O",
    "--type",
    "privkey",
  ];
  const { stdout } = await mustRun("pkcs11-tool", args, { env: token.env });
  return [...stdout.matchAll(/label: +(\S+)/g)].map(([, label]) => label!);
}

Deno.test("rotate --watch tells each step, and the edge serves the new key; the old one can come back, or go", async () => {
  await withSystem(administered, async (system) => {
    const holdfast = cli(system);
    await succeed(holdfast("authority", "create", "development"));
    const before = await served(system);
    const output = await succeed(
      holdfast(
        "rotate",
        site,
        "--to",
        "rsa2048",
        "--replaces",
        "www-ecdsa",
        "--ca",
        "dev",
        "--destroy-old",
        "--watch",
        "--json",
      ),
    );
    const steps = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(steps.at(-1).step, "done");
    assert(steps.length > 3, "more than the end is told");
    const after = await served(system);
    assert.equal(after.publicKey.asymmetricKeyType, "rsa");
    assert.notEqual(after.fingerprint256, before.fingerprint256);
    assert(!(await keysInToken(system)).includes("www-ecdsa"));
    const { keys } = JSON.parse(await succeed(holdfast("keys", "list", "--json")));
    assert.equal(keys.find(({ name }: { name: string }) => name === "www-ecdsa").state, "destroyed");
    assert.equal(
      (await holdfast("rotation", "rollback", site, "--yes")).code !== 0,
      true,
      "there is no way back",
    );
  });
});

Deno.test("a rotation by an external CA: request out, chain in, checked; what does not fit is refused and told", async () => {
  await withSystem(administered, async (system) => {
    const holdfast = cli(system);
    const file = (name: string) => system.installation.file(name);
    await succeed(holdfast("rotate", site, "--to", "p384", "--csr", "--watch"));
    await succeed(holdfast("certs", "csr", site, "--out", file("www.csr")));
    const request = new Pkcs10CertificateRequest(await Deno.readTextFile(file("www.csr")));
    assert(await request.verify());
    const authority = await Authority.createRoot("An external CA");
    const certify = (dnsNames: string[]) =>
      authority.certify(new Uint8Array(request.publicKey.rawData), {
        commonName: dnsNames[0]!,
        dnsNames,
        usages: ["serverAuth"],
      });
    await writePublic(file("wrong.pem"), await certify(["other.holdfast.test"]));
    const refused = await holdfast("certs", "install", site, file("wrong.pem"));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /does not cover www\.holdfast\.test/);
    await writePublic(file("www-chain.pem"), await certify([site]));
    await succeed(holdfast("certs", "install", site, file("www-chain.pem")));
    await succeed(holdfast("rotation", "status", site, "--watch"));
    assert.match((await served(system)).issuer, /An external CA/);
    await succeed(holdfast("certs", "check", site));
    assert.equal((await holdfast("certs", "check", site, file("wrong.pem"))).code, 1);
  });
});

Deno.test("who watches a rotation while the key server is killed sees it go on after the restart", async () => {
  await withSystem({
    ...administered,
    keyServer: { ...administered.keyServer, rotation: { drain_ms: 4000 } },
  }, async (system) => {
    const holdfast = cli(system);
    await succeed(holdfast("authority", "create", "development"));
    const env = { HOLDFAST_ADMIN: system.installation.file("admin.sock") };
    await using watching = new ChildProcess({
      name: "rotate",
      command: frontDoor,
      args: ["rotate", site, "--to", "p384", "--ca", "dev", "--watch"],
      env,
    });
    await poll("the drain", () => watching.lines.some((line) => line.includes("handshakes end")), 30_000);
    await system.keyServer.kill();
    await system.keyServer.restart();
    assert.deepEqual(await watching.ended, { code: 0, signal: null }, watching.lines.join("\n"));
    assert(watching.lines.some((line) => / done$/.test(line)));
  });
});

Deno.test("keys are generated, entered by reference, retired and destroyed; names are served with them", async () => {
  await withSystem(administered, async (system) => {
    const holdfast = cli(system);
    await succeed(holdfast("keys", "generate", "api", "--type", "p256"));
    assert((await keysInToken(system)).includes("api"));
    await succeed(holdfast("names", "create", "api.holdfast.test", "--keys", "api"));
    assert.match(await succeed(holdfast("certs", "csr", "--for-key", "api")), /BEGIN CERTIFICATE REQUEST/);
    assert.notEqual((await holdfast("keys", "retire", "api")).code, 0, "a name serves with it");
    await succeed(holdfast("names", "set", "api.holdfast.test", "--remove-keys", "api"));
    assert.notEqual((await holdfast("keys", "destroy", "api", "--yes")).code, 0, "it is active");
    await succeed(holdfast("keys", "retire", "api"));
    await succeed(holdfast("keys", "destroy", "api", "--yes"));
    assert(!(await keysInToken(system)).includes("api"));
    const twice = await holdfast(
      "keys",
      "import-reference",
      "again",
      "--uri",
      "pkcs11:object=www-ecdsa;type=private",
    );
    assert.notEqual(twice.code, 0, "each key once");
    const none = await holdfast(
      "keys",
      "import-reference",
      "none",
      "--uri",
      "pkcs11:object=none;type=private",
    );
    assert.notEqual(none.code, 0);
    assert.match(none.stderr, /none/);
  });
});

Deno.test("a revoked edge is cut off at once, status says so, and after readmission it needs a new certificate", async () => {
  await withSystem(administered, async (system) => {
    const holdfast = cli(system);
    assert.equal((await curl(system.endpoint)).verified, true);
    await succeed(holdfast("edges", "revoke", pop1, "--yes", "--reason", "stolen"));
    await assert.rejects(served(system), /Cannot shake hands/);
    const status = JSON.parse(await succeed(holdfast("status", "--json")));
    assert.equal(status.edges.revoked, 1);
    assert.equal((await holdfast("policy", "explain", pop1, site)).code, 3);
    await succeed(holdfast("edges", "readmit", pop1));
    const edge = JSON.parse(await succeed(holdfast("edges", "show", pop1, "--json")));
    assert.equal(edge.state, "admitted");
    assert.notEqual(edge.certificatesNotBefore, null);
  });
});

Deno.test("over mutual TLS the CLI is who its certificate says, with that role", async () => {
  const clients = await Authority.createRoot("Test Administrators");
  const port = 9555;
  await withSystem({
    ...administered,
    prepare: async (installation) => {
      await writePublic(installation.file("admins-ca.pem"), clients.certificatePem);
      const uris = ["spiffe://holdfast.test/admin/alice"];
      const contents = { authority: clients, uris, usages: ["clientAuth"] } as const;
      await writeIdentity(
        installation.folder,
        "alice",
        await installation.pki.edgeIdentity("spiffe://x", contents),
      );
    },
    keyServer: ({ host }) => ({
      ...administered.keyServer,
      admin_api: {
        address: formatAddress({ host, port }),
        certificate: "key-server.pem",
        private_key: "key-server.key",
        client_ca: "admins-ca.pem",
        administrator: [{ identity: "spiffe://holdfast.test/admin/alice", role: "operator" }],
      },
    }),
  }, async ({ installation }) => {
    const env = {
      HOLDFAST_ADMIN: formatAddress({ host: installation.host, port }),
      HOLDFAST_ADMIN_SERVER_NAME: keyServerName,
      HOLDFAST_ADMIN_IDENTITY: installation.file("alice.pem"),
      HOLDFAST_ADMIN_IDENTITY_KEY: installation.file("alice.key"),
      HOLDFAST_ADMIN_SERVER_CA: installation.file("key-server-ca.pem"),
    };
    const run = (...args: string[]) => runCommand(frontDoor, args, { env });
    await succeed(run("status"));
    await succeed(run("edges", "allow", "europe", site, "--group"));
    const refused = await run("edges", "revoke", pop1, "--yes");
    assert.equal(refused.code, 3);
    assert.match(
      refused.stderr,
      /needs the role admin, and spiffe:\/\/holdfast\.test\/admin\/alice is operator/,
    );
    const stranger = {
      ...env,
      HOLDFAST_ADMIN_IDENTITY: installation.file("edge-pop1.pem"),
      HOLDFAST_ADMIN_IDENTITY_KEY: installation.file("edge-pop1.key"),
    };
    assert.equal((await runCommand(frontDoor, ["status"], { env: stranger })).code, 6);
  });
});
