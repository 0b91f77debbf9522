import assert from "node:assert/strict";
import { runCommand } from "../command.ts";
import { TemporaryFolder } from "../temporary_folder.ts";
import { SoftHsmToken } from "./softhsm_token.ts";

Deno.test("a token has its PIN in a file of mode 0600 and holds the keys that were imported", async () => {
  await using folder = await TemporaryFolder.create();
  const token = await SoftHsmToken.create(folder.path);
  assert.equal(((await Deno.stat(token.pinFile)).mode ?? 0) & 0o777, 0o600);
  const keys = [
    await token.importKey("www-ecdsa", "ecdsa-p256"),
    await token.importKey("www-rsa", "rsa-2048"),
  ];
  assert.deepEqual(keys.map(({ privateKey }) => privateKey.kty), ["EC", "RSA"]);
  const pin = (await Deno.readTextFile(token.pinFile)).trim();
  const { stdout } = await runCommand("pkcs11-tool", [
    ...[
      "--module",
      token.modulePath,
      "--token-label",
      token.label,
      "--login",
      "--pin",
      "env:PIN",
      "--list-objects",
    ],
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

Deno.test("an imported key signs in the token what its public half verifies", async () => {
  await using folder = await TemporaryFolder.create();
  const token = await SoftHsmToken.create(folder.path);
  const { publicKeyInfo } = await token.importKey("www-ecdsa", "ecdsa-p256");
  const [message, signature] = [folder.file("message"), folder.file("signature")];
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode("hello")));
  await Deno.writeFile(message, digest);
  const pin = (await Deno.readTextFile(token.pinFile)).trim();
  const { code, stderr } = await runCommand("pkcs11-tool", [
    ...["--module", token.modulePath, "--token-label", token.label, "--login", "--pin", "env:PIN"],
    ...[
      "--sign",
      "--mechanism",
      "ECDSA",
      "--label",
      "www-ecdsa",
      "--input-file",
      message,
      "--output-file",
      signature,
    ],
  ], { env: { ...token.env, PIN: pin } });
  assert.equal(code, 0, stderr);
  const key = await crypto.subtle.importKey(
    "spki",
    publicKeyInfo,
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["verify"],
  );
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  assert(
    await crypto.subtle.verify(
      algorithm,
      key,
      await Deno.readFile(signature),
      new TextEncoder().encode("hello"),
    ),
  );
});
