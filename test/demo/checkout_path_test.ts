import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { mustRun, runCommand } from "../harness/command.ts";
import { TemporaryFolder } from "../harness/temporary_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The checked-in files with today's changes, and what is installed beside them by reference. */
async function copyOfCheckout(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  // A file that is deleted and not yet committed is skipped: the pipe's status is the second tar's.
  const copy = 'cd "$1" && git ls-files -z --cached --others --exclude-standard | ' +
    'tar --null --files-from - -cf - 2>/dev/null | tar -xf - -C "$2"';
  await mustRun("sh", ["-c", copy, "sh", root, folder]);
  for (const installed of ["node_modules", ".holdfast"]) {
    await Deno.symlink(`${root}${installed}`, `${folder}/${installed}`);
  }
}

Deno.test("the demo runs from a folder with blanks, a percent sign and an umlaut, through a symlink", async () => {
  await using place = await TemporaryFolder.create();
  const checkout = place.file("hold fast 100%25 für alle");
  await copyOfCheckout(checkout);
  await Deno.symlink(`${checkout}/holdfast`, place.file("hf"));
  const { code, stdout, stderr } = await runCommand(place.file("hf"), ["demo", "--once"], {
    deadline: 60_000,
  });
  assert.equal(code, 0, stdout + stderr);
});
