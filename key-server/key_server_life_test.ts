import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { join } from "node:path";
import { Authority } from "../certs/authority.ts";
import { writeIdentity, writePublic, writeSecret } from "../certs/write.ts";
import { runCommand } from "../test/harness/command.ts";
import { edgeIdentity, keyServerName } from "../test/harness/identities.ts";
import { poll } from "../test/harness/poll.ts";
import { TestClient } from "./test_client.ts";
import { KeyServerSetup } from "./test_setup.ts";

const ping = { operation: "ping" } as const;
const oneKey = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
const frontDoor = fileURLToPath(new URL("../holdfast", import.meta.url));

/** Whether a connection of pop1 is taken: with which authority it trusts and which certified it. */
async function pings(setup: KeyServerSetup, ca: string, authority?: Authority): Promise<boolean> {
  const identity = await setup.installation.pki.edgeIdentity(
    edgeIdentity("pop1"),
    authority ? { authority } : {},
  );
  const address = setup.installation.address("keyServer");
  try {
    using client = await TestClient.dial({ address, ca, identity });
    return (await client.ask(ping))?.type === "pong";
  } catch {
    return false;
  }
}

for (const way of ["SIGHUP", "file watch"] as const) {
  Deno.test(`own certificate and client CA are replaced by ${way}, and open connections stay`, async () => {
    await using setup = await KeyServerSetup.start({ keys: oneKey });
    const { installation: { pki, folder }, server } = setup;
    const [formerCa, newRoot, newEdges] = [
      pki.keyServers.certificatePem,
      await Authority.createRoot("New Key Server CA"),
      await Authority.createRoot("New Edge CA"),
    ];
    using open = await setup.dial();
    assert.deepEqual(await open.ask(ping), { type: "pong" });
    assert.equal(await pings(setup, newRoot.certificatePem, newEdges), false);
    await writeIdentity(
      folder,
      "key-server",
      await pki.keyServerIdentity(keyServerName, { authority: newRoot }),
    );
    await writePublic(join(folder, "edge-ca.pem"), newEdges.certificatePem);
    if (way === "SIGHUP") server.signal("SIGHUP");
    await server.record("the reload", (record) => record.event === "identity-reloaded");
    assert.equal(await pings(setup, newRoot.certificatePem, newEdges), true);
    assert.equal(await pings(setup, formerCa, newEdges), false, "the former certificate is no longer shown");
    assert.equal(await pings(setup, newRoot.certificatePem), false, "the former edges are no longer taken");
    assert.deepEqual(await open.ask(ping), { type: "pong" });
  });
}

Deno.test("half a replacement is not taken: the former certificate stays in use", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  const { installation: { pki, folder }, server } = setup;
  const other = await pki.keyServerIdentity(keyServerName);
  await writeSecret(join(folder, "key-server.key"), other.privateKeyPem);
  const failed = await server.record("the refusal", (record) => record.event === "identity-reload-failed");
  assert.match(String(failed.reason), /is not the private key of/);
  assert.equal(await pings(setup, pki.keyServers.certificatePem), true);
});

Deno.test("SIGTERM lets what is in flight finish, takes nothing new, and ends with 0", async () => {
  await using setup = await KeyServerSetup.start({ keys: [{ name: "www-rsa", type: "rsa-2048" }] });
  using client = await setup.dial();
  const request = await setup.request("www-rsa");
  const ids = await Promise.all(Array.from({ length: 200 }, () => client.send(request)));
  await poll("all requests in flight or answered", async () => {
    const inFlight = await setup.server.metric("holdfast_key_server_in_flight");
    return inFlight + await setup.counted("sign-tls13", "ok") >= ids.length;
  });
  setup.server.signal("SIGTERM");
  for (const id of ids) assert.equal((await client.answer(id))?.type, "signature");
  assert.equal(await client.closed(), true);
  assert.deepEqual(await setup.server.ended, { code: 0, signal: null });
  assert.ok(setup.server.records.some((record) => record.event === "stopped"));
  await assert.rejects(setup.dial());
});

Deno.test("an idle edge does not keep a stopping key server", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  using client = await setup.dial();
  assert.deepEqual(await client.ask(ping), { type: "pong" });
  setup.server.signal("SIGTERM");
  assert.equal(await client.closed(), true);
  assert.deepEqual(await setup.server.ended, { code: 0, signal: null });
});

Deno.test("a peer in its handshake, or gone from it, does not keep a stopping key server", async () => {
  await using setup = await KeyServerSetup.start({
    keys: oneKey,
    patch: { limits: { handshake_deadline_ms: 60_000, drain_deadline_ms: 60_000 } },
  });
  const { host: hostname, port } = setup.installation.address("keyServer");
  using _waiting = await Deno.connect({ hostname, port });
  (await Deno.connect({ hostname, port })).close();
  await poll(
    "both accepted",
    async () => await setup.server.metric("holdfast_key_server_connections") > 0,
  );
  setup.server.signal("SIGTERM");
  await setup.server.record("its end", (record) => record.event === "stopped");
  assert.deepEqual(await setup.server.ended, { code: 0, signal: null });
});

Deno.test("a configuration that cannot be served keeps the process from starting, and says why", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  const { installation } = setup;
  const example = await Deno.readTextFile(installation.file("key-server-0.toml"));
  const start = async (change: (text: string) => string) => {
    await writePublic(installation.file("other.toml"), change(example.replaceAll(/:(4433|9443)"/g, ':0"')));
    const env = installation.token.env;
    return await runCommand(frontDoor, ["key-server", "--config", installation.file("other.toml")], { env });
  };
  const refusals: [string, (text: string) => string, RegExp][] = [
    [
      "a key that is not there",
      (text) => text.replace("object=www-ecdsa", "object=absent"),
      /the key www-ecdsa \(key\[0\] of .*other\.toml\) from the token "[^"]+": cannot find a private key with object=absent/,
    ],
    [
      "a key without purposes in its grant",
      (text) => text.replace(/purposes = .*/, 'purposes = ["sign-tls13"]'),
      /purposes/,
    ],
    [
      "another key's certificate",
      (text) => text.replace('"www-ecdsa.pem"', '"key-server.pem"'),
      /certificate of another key/,
    ],
    [
      "a narrower list of names without strict",
      (text) =>
        text.replace('transcript = "hash"', 'transcript = "hash"\nserver_names = ["a.holdfast.test"]'),
      /leaves out www.holdfast.test/,
    ],
    [
      "an own key that is not the certificate's",
      (text) => text.replace("key-server.key", "edge-pop1.key"),
      /edge-pop1.key/,
    ],
    [
      "a PIN that is not the token's",
      (text) => text.replace(/pin = ".*"/, 'pin = "file:key-server-0.pin"'),
      /key-server-0.pin/,
    ],
  ];
  for (const [what, change, words] of refusals) {
    const { code, stderr } = await start(change);
    assert.equal(code, 1, `${what}: ${stderr}`);
    assert.match(stderr, words, what);
  }
});

Deno.test("T22: --check says that a configuration is valid and needs no token; --pin is refused unread", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  const config = setup.installation.file("key-server-0.toml");
  const valid = await runCommand(frontDoor, ["key-server", "--config", config, "--check"]);
  assert.deepEqual([valid.code, valid.stdout.trim()], [0, `${config}: valid`]);
  const refused = await runCommand(frontDoor, ["key-server", "--config", config, "--pin=s3cret99"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /Cannot accept --pin/);
  assert.doesNotMatch(refused.stderr, /s3cret99/);
});
