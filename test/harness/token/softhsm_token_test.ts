import assert from "node:assert/strict";
import { runCommand } from "../command.ts";
import { TemporaryFolder } from "../temporary_folder.ts";
import { SoftHsmToken } from "./softhsm_token.ts";

Deno.test("a token has its PIN in a file of mode 0600 and holds the keys asked for, generated or imported", async () => {
  await using folder = await TemporaryFolder.create();
  const token = await SoftHsmToken.create(folder.path, [
    { name: "www-ecdsa", type: "ecdsa-p256" },
    { name: "www-rsa", type: "rsa-2048", known: true },
  ]);
  assert.equal(((await Deno.stat(token.pinFile)).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(token.keys.map(({ privateKey }) => privateKey?.kty), [undefined, "RSA"]);
  const pin = (await Deno.readTextFile(token.pinFile)).trim();
  const { stdout } = await runCommand("pkcs11-tool", [
    ...["--module", token.modulePath, "--token-label", token.label],
    ...["--login", "--pin", "env:PIN", "--list-objects"],
  ], { env: { ...token.env, PIN: pin } });
  const labels = [...stdout.matchAll(/^(Private|Public) Key Object;[^]*?label: +(\S+)/gm)];
  assert.deepEqual(labels.map(([, half, label]) => `${half} ${label}`).toSorted(), [
    "Private www-ecdsa",
    "Private www-rsa",
    "Public www-ecdsa",
    "Public www-rsa",
  ]);
  assert.match(stdout, /Access: +sensitive/);
});

for (const known of [true, false]) {
  Deno.test(`a key ${known ? "imported into" : "generated in"} the token signs what its public half verifies`, async () => {
    await using folder = await TemporaryFolder.create();
    const token = await SoftHsmToken.create(folder.path, [{ name: "www", type: "ecdsa-p256", known }]);
    const [input, signature] = [folder.file("message"), folder.file("signature")];
    const message = new TextEncoder().encode("hello");
    await Deno.writeFile(input, new Uint8Array(await crypto.subtle.digest("SHA-256", message)));
    const pin = (await Deno.readTextFile(token.pinFile)).trim();
    const { code, stderr } = await runCommand("pkcs11-tool", [
      ...["--module", token.modulePath, "--token-label", token.label, "--login", "--pin", "env:PIN"],
      ...[
        "--sign",
        "--mechanism",
        "ECDSA",
        "--label",
        "www",
        "--input-file",
        input,
        "--output-file",
        signature,
      ],
    ], { env: { ...token.env, PIN: pin } });
    assert.equal(code, 0, stderr);
    const publicKeyInfo = token.keys[0]?.publicKeyInfo ?? new Uint8Array();
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("spki", publicKeyInfo, algorithm, false, ["verify"]);
    assert(await crypto.subtle.verify(algorithm, key, await Deno.readFile(signature), message));
  });
}
