import assert from "node:assert/strict";
import { copyCheckout } from "../harness/checkout_copy.ts";
import { runCommand } from "../harness/command.ts";
import { TemporaryFolder } from "../harness/temporary_folder.ts";

Deno.test("the demo runs from a folder with blanks, a percent sign and an umlaut, through a symlink", async () => {
  await using place = await TemporaryFolder.create();
  const checkout = place.file("hold fast 100%25 für alle");
  await copyCheckout(checkout);
  await Deno.symlink(`${checkout}/holdfast`, place.file("hf"));
  const { code, stdout, stderr } = await runCommand(place.file("hf"), ["demo", "--once"], {
    deadline: 60_000,
  });
  assert.equal(code, 0, stdout + stderr);
});
