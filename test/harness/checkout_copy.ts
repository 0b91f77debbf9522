/** For tests: this checkout under another path. */
import { fileURLToPath } from "node:url";
import { mustRun } from "./command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Copies the checked-in files with today's changes to a new folder, and links what is installed beside them. */
export async function copyCheckout(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  // A file that is deleted and not yet committed is skipped: the pipe's status is the second tar's.
  const copy = 'cd "$1" && git ls-files -z --cached --others --exclude-standard | ' +
    'tar --null --files-from - -cf - 2>/dev/null | tar -xf - -C "$2"';
  await mustRun("sh", ["-c", copy, "sh", root, folder]);
  for (const installed of ["node_modules", ".holdfast"]) {
    await Deno.symlink(`${root}${installed}`, `${folder}/${installed}`);
  }
}
