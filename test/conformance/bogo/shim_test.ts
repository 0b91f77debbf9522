import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { DevelopmentPki } from "../../../certs/dev_pki.ts";
import { AlertDescription, ContentType } from "../../../shared/tls_constants.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import { type KnownKey, makeKnownKey } from "../../harness/token/known_key.ts";
import { RemoteKeyServer } from "./runner/remote_key_server.ts";
import { type RunnerConnection, runShimAgainst } from "./scripted_runner.ts";

// BoringSSL's runner is not part of this repository: here our own scripted client plays its part, to show that the
// shim keeps to the runner's contract.

async function credentialFlags(
  folder: TemporaryFolder,
  { publicKeyInfo, privateKey }: KnownKey = makeKnownKey("ecdsa-p256"),
): Promise<string[]> {
  const pki = await DevelopmentPki.create();
  await Deno.writeTextFile(folder.file("cert.pem"), await pki.siteCertificate(publicKeyInfo, ["test"]));
  const key = createPrivateKey({ key: { ...privateKey }, format: "jwk" }).export({
    type: "pkcs8",
    format: "pem",
  });
  await Deno.writeTextFile(folder.file("key.pem"), key as string, { mode: 0o600 });
  return ["-server", "-cert-file", folder.file("cert.pem"), "-key-file", folder.file("key.pem")];
}

async function echo(runner: RunnerConnection): Promise<void> {
  await runner.handshake();
  const message = new Uint8Array(1000).fill(0x42);
  await runner.write(runner.client.seal(ContentType.application_data, message));
  assert(await runner.readUntil(() => runner.client.received.length >= message.length));
  assert.deepEqual(runner.client.received, message.map((byte) => byte ^ 0xff));
  await runner.write(runner.client.closeNotify());
}

for (const extra of [[], ["-async"]]) {
  Deno.test(`the shim says who it is, echoes every byte inverted, and passes in silence ${extra.join("")}`, async () => {
    await using folder = await TemporaryFolder.create();
    const exit = await runShimAgainst([...await credentialFlags(folder), ...extra], [echo]);
    assert.deepEqual(exit, { code: 0, stdout: "", stderr: "" });
  });
}

Deno.test("the shim sends the alert, half-closes, and prints BoringSSL's name of the mistake", async () => {
  await using folder = await TemporaryFolder.create();
  const { code, stderr } = await runShimAgainst(await credentialFlags(folder), [async (runner) => {
    runner.client.fields.cipherSuites = [0x1399];
    await runner.write(runner.client.start());
    const shimGoesOn = await runner.readUntil(() => false);
    assert(!shimGoesOn);
    assert.deepEqual(runner.client.alerts, [{ level: 2, description: AlertDescription.handshake_failure }]);
    // Its reading side is still open: nothing that the runner sends now is answered by a reset.
    await runner.write(new Uint8Array(10));
  }]);
  assert.equal(code, 1);
  assert.match(stderr, /:NO_SHARED_CIPHER:/);
});

for (
  const [flags, message] of [
    [["-expect-curve-id", "24"], /the group is 29, expected 24/],
    [["-expect-session-id"], /the number of sessions in the cache is 0, expected 1/],
  ] as const
) {
  Deno.test(`a property that ${flags[0]} expects and the handshake does not have fails the test`, async () => {
    await using folder = await TemporaryFolder.create();
    const { code, stderr } = await runShimAgainst(
      [...await credentialFlags(folder), ...flags],
      [async (runner) => {
        await runner.handshake();
        await runner.readUntil(() => false);
      }],
    );
    assert.equal(code, 1);
    assert.match(stderr, message);
  });
}

Deno.test("the shim ends with 89 for a flag that it does not have, and for a client", async () => {
  assert.equal((await runShimAgainst(["-server", "-dtls"], [])).code, 89);
  assert.equal((await runShimAgainst([], [])).code, 89);
});

Deno.test("the shim has no split handshaker, and says so", async () => {
  const exit = await runShimAgainst(["-is-handshaker-supported"], []);
  assert.deepEqual(exit, { code: 0, stdout: "No\n", stderr: "" });
});

Deno.test("with -remote-key the shim asks a key server for its signature, which counts the operation", async () => {
  await using folder = await TemporaryFolder.create();
  const given = makeKnownKey("ecdsa-p256");
  await using keyServer = await RemoteKeyServer.start(folder.path, [{
    name: "www",
    type: "ecdsa-p256",
    given,
  }]);
  const flags = [...await credentialFlags(folder, given), ...keyServer.shimFlags, "-async"];
  assert.deepEqual(await runShimAgainst(flags, [echo]), { code: 0, stdout: "", stderr: "" });
  assert.deepEqual(await keyServer.operations(), { asked: 1, done: 1 });
});
