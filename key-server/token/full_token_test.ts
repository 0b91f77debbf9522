import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { mustRun } from "../../test/harness/command.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { SoftHsmToken } from "../../test/harness/token/softhsm_token.ts";
import type { TokenTestJob, TokenTestResult } from "./test_program.ts";

const program = fileURLToPath(new URL("test_program.ts", import.meta.url));

async function inToken(token: SoftHsmToken, job: Partial<TokenTestJob>): Promise<TokenTestResult> {
  const pin = (await Deno.readTextFile(token.pinFile)).trimEnd();
  const args = ["run", "--quiet", "--no-prompt", "--cached-only", "--allow-ffi", "--allow-read", program];
  const input = JSON.stringify({ uri: token.uri, pin, ...job });
  const { stdout } = await mustRun(Deno.execPath(), args, { input, env: token.env });
  return JSON.parse(stdout) as TokenTestResult;
}

/** A file system of 256 KiB at `folder`, until disposed. */
async function mountSmall(folder: string): Promise<AsyncDisposable> {
  await mustRun("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]);
  return { [Symbol.asyncDispose]: async () => void await mustRun("umount", [folder]) };
}

/** In a namespace of its own, which ends at once: whether this process may mount. */
const cannotMount = !new Deno.Command("unshare", {
  args: ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
  stdout: "null",
  stderr: "null",
}).outputSync().success;

/** Leaves no byte free. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  await assert.rejects(async () => {
    for (;;) await file.write(new Uint8Array(4096));
  });
}

const name =
  "a full token says so when a key is to be generated, its other keys sign on, and with room one is generated";

Deno.test(
  { name: `${name}${cannotMount ? " (needs root, to mount)" : ""}`, ignore: cannotMount },
  async () => {
    await using folder = await TemporaryFolder.create();
    const small = folder.file("small");
    await Deno.mkdir(small);
    await using _ = await mountSmall(small);
    const token = await SoftHsmToken.create(small, [{ name: "web", type: "ecdsa-p256" }]);
    await fill(`${small}/filler`);
    const { error } = await inToken(token, { generate: ["ecdsa-p384"] });
    assert.equal(error?.code, "token-failure");
    assert.match(
      error.message,
      /^Cannot generate a key of type ecdsa-p384: CKR_\w+: the token (is|may be) full/,
    );
    const { keys } = await inToken(token, { load: ["web"] });
    assert.equal(Object.keys(keys?.[0]?.signatures ?? {}).length, 2);
    await Deno.remove(`${small}/filler`);
    const made = await inToken(token, { generate: ["ecdsa-p384"], load: ["ecdsa-p384", "web"] });
    assert.equal(made.error, undefined);
    assert.equal(made.keys?.length, 2, "nothing of the failed attempt is in the way");
  },
);
