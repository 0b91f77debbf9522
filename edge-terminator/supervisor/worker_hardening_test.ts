import assert from "node:assert/strict";
import { landlockVersion } from "../../shared/libc/landlock.ts";
import { mustRun, runCommand } from "../../test/harness/command.ts";
import { canLookInside } from "../../test/harness/proc/inspect.ts";
import { EdgeStage } from "./testing/edge_stage.ts";

const EPERM = 1;
const EACCES = 13;
const PTRACE_ATTACH = 16;

const hasGdb = (await runCommand("gdb", ["--version"]).catch(() => ({ code: 127 }))).code === 0;

/** Has gdb make every thread of a process evaluate each expression of C; what came out, by expression. */
async function onEveryThread(pid: number, expressions: readonly string[]): Promise<number[][]> {
  const commands = expressions.flatMap((expression) => [
    "-ex",
    "echo \\n---\\n",
    "-ex",
    `thread apply all -q -- print ${expression}`,
  ]);
  const quick = ["-nx", "-q", "-batch", "--readnever", "-iex", "set debuginfod enabled off"];
  const { stdout } = await mustRun("gdb", [...quick, "-p", `${pid}`, ...commands]);
  const [, ...answers] = stdout.split("\n---\n");
  return answers.map((answer) =>
    [...answer.matchAll(/^\$\d+ = (-?\d+)$/gm)].map(([, value]) => Number(value))
  );
}

Deno.test({
  name:
    "every thread of a serving worker is denied foreign files, programs and ptrace; its own files it opens",
  ignore: !canLookInside || !hasGdb || landlockVersion() === 0,
  fn: async () => {
    await using stage = await EdgeStage.start({ patch: { workers: 1 } });
    const [pid = 0] = await stage.workers();
    const threads = (await Array.fromAsync(Deno.readDir(`/proc/${pid}/task`))).map(({ name }) => name);
    for (const thread of threads) {
      const status = await Deno.readTextFile(`/proc/${pid}/task/${thread}/status`);
      assert.match(status, /^NoNewPrivs:\t1$/m);
      assert.match(status, /^Seccomp:\t2$/m);
    }
    const errno = "*(int*)((void*(*)(void))__errno_location)()";
    const attempt = (call: string) => `((int(*)())${call} < 0 ? ${errno} : 0`;
    const answers = await onEveryThread(pid, [
      attempt(`openat)(-100, "/etc/shadow", 0)`),
      attempt(`openat)(-100, "/proc/1/environ", 0)`),
      attempt(`ptrace)(${PTRACE_ATTACH}, ${stage.edge.pid}, 0, 0)`),
      attempt(`execve)("/bin/true", 0, 0)`),
      attempt(`openat)(-100, "${stage.pki.folder.file("www.pem")}", 0)`),
      attempt(`openat)(-100, "${stage.pki.folder.file("www.pem")}", 1)`),
    ]);
    const everywhere = (value: number) => threads.map(() => value);
    assert.deepEqual(answers, [EACCES, EACCES, EPERM, EPERM, 0, EACCES].map(everywhere));
    assert.equal((await Deno.readTextFile(`/proc/${pid}/comm`)).trim(), "deno", "it lives");
    using connection = await stage.connect();
    assert(connection !== undefined);
  },
});

Deno.test({
  name: "M18: SIGABRT leaves no core of a serving worker, whose slot serves on",
  ignore: !canLookInside || !Deno.readTextFileSync("/proc/sys/kernel/core_pattern").startsWith("core"),
  fn: async () => {
    await using stage = await EdgeStage.start({ patch: { workers: 1 } });
    const [pid = 0] = await stage.workers();
    assert.match(await Deno.readTextFile(`/proc/${pid}/limits`), /^Max core file size +0 +0 /m);
    const folder = await Deno.readLink(`/proc/${pid}/cwd`);
    const cores = () =>
      [...Deno.readDirSync(folder)].filter(({ name }) => /^core(\.\d+)?$/.test(name)).length;
    const before = cores();
    Deno.kill(pid, "SIGABRT");
    const crash = await stage.edge.record("the worker's end", ({ event }) => event === "worker-crashed");
    assert.deepEqual([crash.worker, crash.signal], [pid, "SIGABRT"]);
    assert.equal(cores(), before);
    await stage.edge.record("its successor", ({ event }) => event === "worker-restarted");
  },
});
