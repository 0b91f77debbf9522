import assert from "node:assert/strict";
import { runCommand } from "../../../harness/command.ts";
import { TemporaryFolder } from "../../../harness/temporary_folder.ts";
import { WarmShim } from "./warm_shim.ts";

Deno.test("the warm shim answers as a fresh one does: output and exit code", async () => {
  await using folder = await TemporaryFolder.create();
  await using shim = await WarmShim.start(folder.path);
  const supported = await runCommand(shim.program, ["-is-handshaker-supported"]);
  assert.deepEqual([supported.code, supported.stdout.trim()], [0, "No"]);
  assert.equal((await runCommand(shim.program, ["-no-such-flag"])).code, 89);
});
