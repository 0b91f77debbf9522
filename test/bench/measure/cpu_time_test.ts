import assert from "node:assert/strict";
import { poll } from "../../harness/poll.ts";
import { ChildProcess } from "../../harness/processes/child_process.ts";
import { cpuBetween, readCpu, withDescendants } from "./cpu_time.ts";

Deno.test("CPU time counts what a process and its children burn, and not what they sleep", async () => {
  const loop = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; exec sleep 60";
  const script = `trap 'kill $child' TERM; (${loop}) & child=$!; wait`;
  await using busy = new ChildProcess({ name: "busy", command: "sh", args: ["-c", script] });
  await using idle = new ChildProcess({ name: "idle", command: "sleep", args: ["60"] });
  await poll("its children", async () => (await withDescendants(busy.pid)).length > 1);
  const idleBefore = await readCpu([idle.pid]);
  await poll("the loop's end", () => busy.lines.includes("done"));
  const nothing = { ofProcesses: 0, ofThreads: new Map<number, number>() };
  const burnt = cpuBetween(nothing, await readCpu(await withDescendants(busy.pid)));
  assert(burnt > 10_000, `${burnt} us`);
  assert.equal(cpuBetween(idleBefore, await readCpu([idle.pid])), 0);
});

Deno.test("what ended threads took along shows by the coarse reading", () => {
  const before = { ofProcesses: 0, ofThreads: new Map([[1, 0], [2, 0]]) };
  const after = { ofProcesses: 500_000, ofThreads: new Map([[1, 200_000]]) };
  assert.equal(cpuBetween(before, after), 500_000);
  assert.equal(cpuBetween(before, { ...after, ofProcesses: 190_000 }), 200_000);
});
