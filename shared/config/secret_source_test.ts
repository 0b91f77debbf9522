import { LockedPool } from "../memory/locked_pool.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { readSecret, readSecretInto, secretSourceSchema } from "./secret_source.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a secret is read from a file beside the configuration, without one trailing newline", () =>
  withFolder(async (folder) => {
    const config = join(folder, "key-server.toml");
    for (
      const [content, expected] of [["1234\n", "1234"], ["1234", "1234"], ["12\r\n", "12"], [
        "12\n\n",
        "12\n",
      ]]
    ) {
      await Deno.writeTextFile(join(folder, "pin"), content ?? "", { mode: 0o600 });
      assert.equal(text(await readSecret("file:pin", config)), expected);
    }
  }));

Deno.test("a file that every user may read is refused with its mode and the remedy", () =>
  withFolder(async (folder) => {
    const path = join(folder, "pin");
    await Deno.writeTextFile(path, "1234");
    for (const mode of [0o644, 0o604, 0o602, 0o601]) {
      await Deno.chmod(path, mode);
      await assert.rejects(readSecret(`file:${path}`, "/x"), {
        code: "unusable-secret",
        message: /has mode 06.*chmod 600/,
      });
    }
    await Deno.chmod(path, 0o640);
    assert.equal(text(await readSecret(`file:${path}`, "/x")), "1234");
  }));

Deno.test("an absent file, an empty secret and an unset variable are refused by name", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "empty"), "\n", { mode: 0o600 });
    const config = join(folder, "c.toml");
    await assert.rejects(readSecret("file:absent", config), /there is no file .*absent/);
    await assert.rejects(readSecret("file:empty", config), /Cannot read the secret file:empty: it is empty/);
    await assert.rejects(readSecret("file:.", config), /is not a file/);
    await assert.rejects(readSecret("env:HOLDFAST_TEST_UNSET", config), /the variable is not set/);
  }));

Deno.test("a secret is read from the environment and from the credentials folder", () =>
  withFolder(async (folder) => {
    Deno.env.set("HOLDFAST_TEST_PIN", "4321");
    await assert.rejects(readSecret("credential:token.pin", "/x"), /CREDENTIALS_DIRECTORY is not set/);
    Deno.env.set("CREDENTIALS_DIRECTORY", folder);
    try {
      await Deno.writeTextFile(join(folder, "token.pin"), "9999\n", { mode: 0o400 });
      assert.equal(text(await readSecret("env:HOLDFAST_TEST_PIN", "/x")), "4321");
      assert.equal(text(await readSecret("credential:token.pin", "/x")), "9999");
    } finally {
      Deno.env.delete("CREDENTIALS_DIRECTORY");
      Deno.env.delete("HOLDFAST_TEST_PIN");
    }
  }));

Deno.test("a bare secret, or a credential name that leaves the folder, is no source and is not repeated", async () => {
  for (const source of ["hunter2", "credential:../x", "credential:.hidden", "env:A B", "file:", "FILE:x"]) {
    assert.equal(secretSourceSchema.safeParse(source).success, false, source);
    await assert.rejects(readSecret(source, "/x"), (error: Error) => !error.message.includes("hunter2"));
  }
});

Deno.test("a secret is read from a file into the pool as well, and a longer one than a block is refused", async () => {
  const folder = await Deno.makeTempDir();
  using pool = LockedPool.open({ totalBytes: 4096, backing: "mlock" });
  try {
    await Deno.writeTextFile(`${folder}/pin`, "12345678\n", { mode: 0o600 });
    await Deno.writeTextFile(`${folder}/long`, "1".repeat(65), { mode: 0o600 });
    using pin = await readSecretInto(pool, "file:pin", `${folder}/x.toml`);
    assert.equal(new TextDecoder().decode(pin.bytes.slice()), "12345678");
    assert.equal(pool.blocksInUse, 1, "what it read first is given back");
    await assert.rejects(readSecretInto(pool, "file:long", `${folder}/x.toml`), { code: "unusable-secret" });
    assert.equal(pool.blocksInUse, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
