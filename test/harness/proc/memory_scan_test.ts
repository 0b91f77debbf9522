import assert from "node:assert/strict";
import { poll } from "../poll.ts";
import { ChildProcess } from "../processes/child_process.ts";
import { childrenOf, commandLineOf, environmentOf, mappingsOf, openFilesOf } from "./inspect.ts";
import { scanMemory } from "./memory_scan.ts";

/** A process that makes 32 bytes from a seed of one byte, and holds them in a buffer until it is ended. */
const holder = `
  const kept = Uint8Array.from({ length: 32 }, (_, i) => (7 * i + 90) ^ (i * i));
  console.log("ready");
  setInterval(() => { kept[0] = kept[0]; }, 1000);
`;

Deno.test("a secret in another process's memory is found, and one that is nowhere is not", async () => {
  await using child = new ChildProcess({
    name: "holder",
    command: Deno.execPath(),
    args: ["eval", "--quiet", holder],
  });
  await poll("the holder", () => child.lines.includes("ready"));
  const kept = Uint8Array.from({ length: 32 }, (_, i) => (7 * i + 90) ^ (i * i));
  const absent = kept.map((byte) => byte ^ 0xa5);
  const { searched, found } = await scanMemory(child.pid, new Map([["kept", kept], ["absent", absent]]));
  assert(searched > 1 << 20);
  assert((found.get("kept")?.length ?? 0) >= 1);
  assert.deepEqual(found.get("absent"), []);
});

Deno.test("a needle that chance would find is refused", async () => {
  await assert.rejects(scanMemory(Deno.pid, new Map([["pin", new Uint8Array(4)]])), /4 bytes are too few/);
});

Deno.test("/proc tells children, command line, environment, mappings and open files", async () => {
  await using child = new ChildProcess({
    name: "sleep",
    command: "sleep",
    args: ["61"],
    env: { HOLDFAST_TEST: "x=y" },
  });
  await poll("sleep", async () => (await commandLineOf(child.pid)).join(" ") === "sleep 61");
  assert((await childrenOf(Deno.pid)).includes(child.pid));
  assert.equal((await environmentOf(child.pid)).HOLDFAST_TEST, "x=y");
  assert(
    (await mappingsOf(child.pid)).some(({ name, permissions }) =>
      /libc/.test(name) && permissions.includes("x")
    ),
  );
  assert((await openFilesOf(child.pid)).some((target) => target.startsWith("pipe:")));
});
