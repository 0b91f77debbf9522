import assert from "node:assert/strict";
import { TemporaryFolder } from "../harness/temporary_folder.ts";
import { openStateFolder } from "./state_folder.ts";

const namesIn = async (path: string) => (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);

Deno.test("without a name the state is in a temporary folder that goes with the demo", async () => {
  const folder = await openStateFolder(undefined);
  assert.equal(((await Deno.stat(folder.path)).mode ?? 0) & 0o777, 0o700);
  await folder[Symbol.asyncDispose]();
  await assert.rejects(Deno.stat(folder.path), Deno.errors.NotFound);
});

Deno.test("a named folder is made, stays, and its content is replaced by the next demo", async () => {
  await using parent = await TemporaryFolder.create();
  const path = parent.file("a/state");
  await (await openStateFolder(path))[Symbol.asyncDispose]();
  await Deno.writeTextFile(`${path}/old`, "");
  await Deno.mkdir(`${path}/tokens`);
  await (await openStateFolder(path))[Symbol.asyncDispose]();
  assert.deepEqual(await namesIn(path), ["made-by-holdfast-demo"]);
  assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o700);
});

Deno.test("a folder with somebody's files is refused and left alone, and so is a file", async () => {
  await using parent = await TemporaryFolder.create();
  await Deno.writeTextFile(parent.file("precious"), "");
  await assert.rejects(openStateFolder(parent.path), { code: "state-folder", message: /not empty/ });
  await assert.rejects(openStateFolder(parent.file("precious")), /it is not a folder/);
  assert.deepEqual(await namesIn(parent.path), ["precious"]);
});

Deno.test("a folder that a running demo uses, and one that cannot be made, are refused in words", async () => {
  await using parent = await TemporaryFolder.create();
  const path = parent.file("state");
  const first = await openStateFolder(path);
  await Deno.writeTextFile(`${path}/its-token`, "");
  await assert.rejects(openStateFolder(path), { code: "state-folder", message: /a demo that is running/ });
  assert.deepEqual((await namesIn(path)).sort(), ["its-token", "made-by-holdfast-demo"]);
  await first[Symbol.asyncDispose]();
  await (await openStateFolder(path))[Symbol.asyncDispose]();
  await assert.rejects(openStateFolder("/proc/no-such-folder"), { code: "state-folder" });
});
