import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runCommand } from "../../../../test/harness/command.ts";
import { pop1 } from "../../../registry/testing/entities.ts";
import { site } from "../../testing/admin_setup.ts";
import { withCli } from "../../testing/cli.ts";
import { adminProgram } from "../program.ts";
import { complete, files } from "./complete.ts";

const frontDoor = fileURLToPath(new URL("../../../../holdfast", import.meta.url));

const words = async (...line: string[]) => {
  const candidates = await complete(adminProgram(), line);
  return candidates === files ? files : candidates.map(({ word }) => word);
};

Deno.test("commands, subcommands, options and their values are completed without a key server", async () => {
  const commands = await words("");
  for (const command of ["status", "rotate", "rotation", "demo", "key-server", "completion"]) {
    assert(commands.includes(command), command);
  }
  assert(!commands.includes("__complete"));
  assert.deepEqual(await words("rot"), ["rotate", "rotation"]);
  assert.deepEqual(await words("rotation", ""), ["status", "abort", "rollback"]);
  assert.deepEqual(await words("rotate", site, "--to", "rsa"), ["rsa2048", "rsa3072", "rsa4096"]);
  assert.deepEqual(await words("rotate", site, "--ca", ""), ["dev"]);
  assert.deepEqual(await words("rotate", "--wat"), ["--watch"]);
  assert.deepEqual(await words("keys", "generate", "k", "--purposes", "sign-tls13,rsa"), [
    "sign-tls13,rsa-key-exchange",
  ]);
  assert.deepEqual(await words("policy", "explain", pop1, site, "sign-tls12"), ["sign-tls12"]);
  assert.equal(await words("certs", "install", site, ""), files);
  assert.equal(await words("status", "--socket", ""), files);
  assert.deepEqual(await words("keys", "show", "--socket", "/nonexistent", ""), [], "nobody to ask");
  assert.deepEqual(await words("frobnicate", "x", ""), []);
});

/** What bash would offer, the last word of `line` being written. */
async function bashOffers(line: string, env: Record<string, string>): Promise<string[]> {
  const script = `eval "$("$2" completion bash)"
COMP_LINE=$1 COMP_POINT=\${#1}
_holdfast "$2"
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout, stderr } = await runCommand("bash", ["-c", script, "bash", line, frontDoor], { env });
  assert.equal(code, 0, stderr);
  return stdout.split("\n").filter((word) => word !== "");
}

Deno.test("bash completes with what the key server knows, edges' URIs in spite of their colons too", async () => {
  await withCli(async ({ folder }) => {
    const env = { HOLDFAST_ADMIN: folder.file("admin.sock") };
    assert.deepEqual(await bashOffers("./holdfast names show ", env), [site]);
    assert.deepEqual(await bashOffers("./holdfast rotate w", env), [site]);
    assert.deepEqual(await bashOffers("./holdfast edges revoke ", env), [pop1]);
    const rest = pop1.slice("spiffe:".length);
    assert.deepEqual(await bashOffers("./holdfast edges revoke spiffe://hold", env), [rest]);
    assert.deepEqual(await bashOffers(`./holdfast keys show --socket ${env.HOLDFAST_ADMIN} www-`, {}), [
      "www-ecdsa",
    ]);
  });
});

Deno.test("there is a script for each of bash, zsh and fish, and for no other shell", async () => {
  await withCli(async ({ holdfast }) => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await holdfast(["completion", shell]);
      assert.equal(code, 0);
      assert.match(stdout, /__complete/);
    }
    assert.equal((await holdfast(["completion", "tcsh"])).code, 2);
  });
});
