import assert from "node:assert/strict";
import { poll } from "../poll.ts";
import { isAlive } from "../proc/inspect.ts";
import { ChildProcess } from "./child_process.ts";

const shell = (script: string) => new ChildProcess({ name: "shell", command: "sh", args: ["-c", script] });

Deno.test("a child's lines and log records are kept, from both streams", async () => {
  await using child = shell(`echo one; echo '{"event":"handshake"}' >&2; printf last`);
  assert.deepEqual(await child.ended, { code: 0, signal: null });
  await child.stop();
  assert.deepEqual(child.lines.toSorted(), ["last", "one", '{"event":"handshake"}'].toSorted());
  assert.deepEqual(child.records, [{ event: "handshake" }]);
});

Deno.test("disposal ends a child, by SIGKILL when it ignores SIGTERM", async () => {
  const polite = shell("exec sleep 60");
  assert.equal((await polite.stop()).signal, "SIGTERM");
  const deaf = shell("trap '' TERM; echo ready; while :; do sleep 1; done");
  await poll("trap", () => deaf.lines.includes("ready"));
  assert.equal((await deaf.stop(50)).signal, "SIGKILL");
});

Deno.test("a child dies with its parent, even one that is killed with SIGKILL", async () => {
  const script = `
    import { ChildProcess } from ${JSON.stringify(new URL("child_process.ts", import.meta.url).href)};
    console.log(new ChildProcess({ name: "child", command: "sleep", args: ["60"] }).pid);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  `;
  await using parent = new ChildProcess({
    name: "parent",
    command: Deno.execPath(),
    args: ["eval", "--quiet", script],
  });
  const line = await poll("the child's pid", () => parent.lines.find((line) => /^\d+$/.test(line)));
  const pid = Number(line);
  assert(isAlive(pid));
  await parent.kill();
  await poll("the child's end", () => !isAlive(pid));
});
