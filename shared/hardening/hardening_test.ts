import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { TextLineStream } from "../../test/harness/processes/lines.ts";

const EPERM = 1;
const ENOENT = 2;
const EACCES = 13;

type Attempts = Readonly<Record<"ptrace" | "execve" | "write" | "read", number | "worked">>;
interface Report {
  readonly main: Attempts;
  readonly thread: Attempts;
}

async function withHardened(
  profile: string,
  inspect: (report: Report, child: Deno.ChildProcess, folder: string) => Promise<void>,
): Promise<void> {
  await using folder = await TemporaryFolder.create();
  const program = fileURLToPath(new URL("./hardened_child.ts", import.meta.url));
  const child = new Deno.Command("prlimit", {
    args: [
      "--core=unlimited:unlimited",
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      program,
      profile,
      folder.path,
    ],
    cwd: folder.path,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  try {
    const lines = child.stdout.pipeThrough(new TextLineStream()).getReader();
    const { value } = await lines.read();
    await lines.cancel();
    await inspect(JSON.parse(value ?? "null") as Report, child, folder.path);
  } finally {
    await child.stdin.close().catch(() => {});
    await child.status;
  }
}

const canRaiseLimits = Deno.uid() === 0;

for (const profile of ["worker", "key-server", "supervisor"] as const) {
  Deno.test({
    name:
      `a hardened ${profile} is denied ptrace, other programs and writing, as far as it fits, on every thread`,
    ignore: !canRaiseLimits || Deno.build.arch !== "x86_64",
    fn: async () => {
      await withHardened(profile, async ({ main, thread }, { pid }) => {
        for (const attempts of [main, thread]) {
          assert.equal(attempts.ptrace, EPERM);
          assert.equal(attempts.execve, profile === "supervisor" ? ENOENT : EPERM);
          assert.equal(attempts.write, profile === "worker" ? EACCES : "worked");
          assert.equal(attempts.read, "worked");
        }
        await assertFiltered(pid);
      });
    },
  });
}

/** By the kernel's word, of each thread: filtered (mode 2), and without new privileges. */
async function assertFiltered(pid: number): Promise<void> {
  let threads = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const status = await Deno.readTextFile(`/proc/${pid}/task/${name}/status`);
    assert.match(status, /^Seccomp:\t2$/m, `thread ${name}`);
    assert.match(status, /^NoNewPrivs:\t1$/m, `thread ${name}`);
    threads++;
  }
  assert(threads > 2, "V8 has threads of its own");
}

async function coresIn(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.filter((name) => name.startsWith("core"));
}

Deno.test({
  name: "M18: SIGABRT leaves no core of a hardened process, where it leaves one of another (the control)",
  ignore: !canRaiseLimits || !Deno.readTextFileSync("/proc/sys/kernel/core_pattern").startsWith("core"),
  fn: async () => {
    await withHardened("worker", async (_, child, folder) => {
      child.kill("SIGABRT");
      assert.equal((await child.status).signal, "SIGABRT");
      assert.deepEqual(await coresIn(folder), []);
    });
    await using folder = await TemporaryFolder.create();
    const control = new Deno.Command("prlimit", {
      args: ["--core=unlimited:unlimited", "sleep", "60"],
      cwd: folder.path,
    }).spawn();
    // The limit is set before the exec: wait until it is sleep.
    while (!(await Deno.readTextFile(`/proc/${control.pid}/comm`)).startsWith("sleep")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    control.kill("SIGABRT");
    await control.status;
    assert.equal((await coresIn(folder.path)).length, 1);
  },
});
