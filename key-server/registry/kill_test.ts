import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { openRegistry } from "./testing/entities.ts";

const program = fileURLToPath(new URL("testing/writing_process.ts", import.meta.url));

/** Starts a process that commits, kills it -9 after so many bytes of what it acknowledged, returns its last word. */
async function writeAndKill(path: string, after: number): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--cached-only", "-A", program, path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const decoder = new TextDecoder();
  let said = "";
  let killed = false;
  for await (const chunk of child.stdout) {
    said += decoder.decode(chunk, { stream: true });
    if (killed || said.length < after) continue;
    child.kill("SIGKILL");
    killed = true;
  }
  assert.equal((await child.status).signal, "SIGKILL");
  return Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1));
}

Deno.test("kill -9 at random moments takes no acknowledged transaction, halves none, and leaves a state that its history leads to", async () => {
  await using folder = await TemporaryFolder.create();
  const path = folder.file("registry.sqlite");
  let before = 0;
  for (let round = 0; round < 12; round++) {
    const acknowledged = await writeAndKill(path, Math.floor(Math.random() * 500) + 1);
    // Opening replays the history and holds the state against it.
    using registry = openRegistry(path);
    const { version } = registry.state;
    assert.ok(acknowledged > before, `${acknowledged} after ${before}`);
    assert.ok(version === acknowledged || version === acknowledged + 1, `${version} after ${acknowledged}`);
    assert.equal(registry.state.list("edge").length, version + 1);
    assert.equal(registry.state.get("edge", "x:last")?.reason, String(version));
    before = version;
  }
});
