import assert from "node:assert/strict";
import { copyCheckout } from "../../harness/checkout_copy.ts";
import { runCommand } from "../../harness/command.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";

Deno.test("the conformance shims, fresh and warm, run from a folder with blanks, a quote and an umlaut", async () => {
  await using place = await TemporaryFolder.create();
  const checkout = place.file("hold fast's 100%25 für alle");
  await copyCheckout(checkout);
  const tests = ["shim_test.ts", "runner/warm_shim_test.ts"];
  const { code, stdout, stderr } = await runCommand(Deno.execPath(), [
    ...["test", "-A", "--no-check", "--cached-only", "--config", `${checkout}/deno.json`],
    ...["--filter", "/ends with 89|as a fresh one/"],
    ...tests.map((test) => `${checkout}/test/conformance/bogo/${test}`),
  ], { deadline: 60_000 });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /ok \| 2 passed/);
});
