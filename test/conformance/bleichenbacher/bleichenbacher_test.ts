import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runCommand } from "../../harness/command.ts";

const program = fileURLToPath(new URL("main.ts", import.meta.url));

// In a process of its own, since SoftHSM reads where its tokens are only once. Times are for the task, on a machine that
// does nothing else.
Deno.test("ciphertexts good and bad, in five ways, have the same alert, and each request its one answer", async () => {
  const args = [
    "run",
    "--quiet",
    "--no-prompt",
    "--cached-only",
    "-A",
    program,
    "--untimed",
    "--exchanges",
    "41",
  ];
  const { code, stdout, stderr } = await runCommand(Deno.execPath(), args, { deadline: 60_000 });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /41 exchanges of each of 5 classes: 0 faults/);
});
