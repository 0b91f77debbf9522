import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { TextLineStream } from "../../test/harness/processes/lines.ts";
import { landlockVersion } from "../libc/landlock.ts";
import { runtimeFiles, runtimePrograms } from "./runtime_files.ts";
import type { Sandbox } from "./sandbox.ts";
import { sandboxedCommand } from "./sandboxed_command.ts";

const EPERM = 1;
const ENOENT = 2;
const EACCES = 13;
const ECONNREFUSED = 111;

type Attempts = Readonly<Record<string, number | "worked">>;
interface Report {
  readonly threads: Readonly<Record<string, Attempts>>;
  readonly pid: number;
}
interface Hardened {
  readonly report: Report;
  readonly child: Deno.ChildProcess;
  readonly folder: string;
}

const program = fileURLToPath(new URL("./hardened_child.ts", import.meta.url));

/** A child that has hardened itself and tried what it may not do, in a sandbox if one is given. */
async function withHardened(
  profile: string,
  sandboxFor: ((folder: string, port: number) => Sandbox) | undefined,
  inspect: (hardened: Hardened) => Promise<void>,
): Promise<void> {
  await using folder = await TemporaryFolder.create();
  await using elsewhere = await TemporaryFolder.create();
  await Deno.writeTextFile(`${folder.path}/own`, "own");
  await Deno.writeTextFile(`${elsewhere.path}/foreign`, "foreign");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const args = [
    "run",
    "-A",
    "--no-check",
    program,
    profile,
    folder.path,
    `${elsewhere.path}/foreign`,
    `${port}`,
  ];
  const plain = { command: Deno.execPath(), args };
  const { command, args: all } = sandboxFor === undefined
    ? plain
    : sandboxedCommand(sandboxFor(folder.path, port), plain);
  const child = new Deno.Command("prlimit", {
    args: ["--core=unlimited:unlimited", command, ...all],
    cwd: folder.path,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  try {
    const lines = child.stdout.pipeThrough(new TextLineStream()).getReader();
    const { value } = await lines.read();
    await lines.cancel();
    await inspect({ report: JSON.parse(value ?? "null") as Report, child, folder: folder.path });
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
    ignore: !canRaiseLimits,
    fn: async () => {
      await withHardened(profile, undefined, async ({ report, child }) => {
        for (const [thread, attempts] of Object.entries(report.threads)) {
          assert.equal(attempts.ptrace, EPERM, thread);
          assert.equal(attempts.execve, profile === "supervisor" ? ENOENT : EPERM, thread);
          assert.equal(attempts.write, profile === "worker" ? EACCES : "worked", thread);
          assert.equal(attempts.read, "worked", thread);
        }
        await assertFiltered(child.pid);
      });
    },
  });
}

/** Deno with what it needs itself, one folder and one port. */
const sandboxOf = (folder: string, port: number): Sandbox => ({
  read: [...runtimeFiles("shared"), folder],
  execute: runtimePrograms(),
  readWrite: [],
  connect: [port],
  bind: [],
  isolated: true,
});

Deno.test({
  name: "a sandboxed worker opens no foreign file, port or process, on any thread; what it is given works",
  ignore: !canRaiseLimits || landlockVersion() === 0,
  fn: async () => {
    const version = landlockVersion();
    await withHardened("worker", sandboxOf, async ({ report, child }) => {
      assert.equal(child.pid, report.pid, "the launcher becomes the program: the pid stays");
      for (const [thread, attempts] of Object.entries(report.threads)) {
        assert.deepEqual(attempts, {
          ptrace: EPERM,
          execve: EPERM,
          write: EACCES,
          read: "worked",
          readOwn: "worked",
          readForeign: EACCES,
          readShadow: EACCES,
          readParent: EACCES,
          truncate: version < 3 ? "worked" : EACCES,
          unlink: EACCES,
          signal: version < 6 ? "worked" : EPERM,
          bind: version < 4 ? "worked" : EACCES,
          connect: "worked",
          connectElsewhere: version < 4 ? ECONNREFUSED : EACCES,
        }, thread);
      }
      await assertFiltered(child.pid);
    });
  },
});

Deno.test({
  name:
    "a sandbox refuses by itself, before any filter of system calls and to another program too; its grants work",
  ignore: landlockVersion() === 0,
  fn: async () => {
    await using folder = await TemporaryFolder.create();
    await using elsewhere = await TemporaryFolder.create();
    const cat = await Deno.realPath("/usr/bin/cat");
    const sandbox = { ...sandboxOf(folder.path, 1), execute: [...runtimePrograms(), cat, "/usr/bin/tee"] };
    const run = async (readWrite: string[], command: string, ...args: string[]) => {
      const line = sandboxedCommand({ ...sandbox, readWrite }, { command, args });
      const { code, stdout, stderr } = await new Deno.Command(line.command, {
        args: [...line.args],
        env: { LC_ALL: "C" },
        stdin: "null",
      }).output();
      return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    await Deno.writeTextFile(`${folder.path}/own`, "own");
    await Deno.writeTextFile(`${elsewhere.path}/foreign`, "foreign");
    assert.deepEqual(await run([], cat, `${folder.path}/own`), { code: 0, text: "own" });
    assert.match((await run([], cat, `${elsewhere.path}/foreign`)).text, /foreign: Permission denied/);
    assert.match((await run([], "/usr/bin/tee", `${folder.path}/new`)).text, /new: Permission denied/);
    assert.equal((await run([folder.path], "/usr/bin/tee", `${folder.path}/new`)).code, 0);
    const refused = await run([], "/usr/bin/env");
    assert.equal(refused.code, 126);
    assert.equal(refused.text, "Cannot start /usr/bin/env: execv failed with EACCES\n");
  },
});

Deno.test({
  name: "where the kernel has no Landlock a program starts all the same, without a sandbox",
  ignore: !canRaiseLimits,
  fn: async () => {
    await using folder = await TemporaryFolder.create();
    const { command, args } = sandboxedCommand(sandboxOf(folder.path, 1), {
      command: "/usr/bin/printf",
      args: ["%s", "started"],
    });
    const protection = new URL("../libc/process_protection.ts", import.meta.url);
    // landlock_create_ruleset answers ENOSYS, as on older kernels.
    await Deno.writeTextFile(
      `${folder.path}/older_kernel.ts`,
      `
        import { filterSystemCalls, forbidNewPrivileges } from ${JSON.stringify(protection.href)};
        const program = new DataView(new ArrayBuffer(32));
        [[0x20, 0, 0], [0x15, 0x0100, 444], [0x06, 0, 0x00050026], [0x06, 0, 0x7fff0000]].forEach(
          ([code, jumps, operand], index) => {
            program.setUint16(8 * index, code, true);
            program.setUint16(8 * index + 2, jumps, true);
            program.setUint32(8 * index + 4, operand, true);
          },
        );
        forbidNewPrivileges();
        filterSystemCalls(new Uint8Array(program.buffer));
        const [command, ...args] = Deno.args;
        const { code } = await new Deno.Command(command, { args, stdout: "inherit" }).spawn().status;
        Deno.exit(code);
      `,
    );
    const older = ["run", "-A", "--no-check", "--no-config", `${folder.path}/older_kernel.ts`];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), { args: [...older, command, ...args] })
      .output();
    assert.deepEqual([code, new TextDecoder().decode(stdout)], [0, "started"]);
  },
});

Deno.test(
  "what is replaced by a rename in a folder of the sandbox can be read; kernel memory pressure takes no right",
  {
    ignore: landlockVersion() === 0,
  },
  async () => {
    await using folder = await TemporaryFolder.create();
    await Deno.writeTextFile(`${folder.path}/chain.pem`, "old");
    const script = `
    const read = (path) => new TextDecoder().decode(Deno.readFileSync(path));
    const file = Deno.args[0];
    const say = (text) => Deno.stdout.writeSync(new TextEncoder().encode(text + "\\n"));
    say(read(file));
    for await (const _ of Deno.stdin.readable) say(read(file) + " " + read("/proc/self/maps").includes("deno"));
  `;
    const source = `${folder.path}/reader.js`;
    await Deno.writeTextFile(source, script);
    const line = sandboxedCommand(sandboxOf(folder.path, 1), {
      command: Deno.execPath(),
      args: ["run", "-A", "--no-config", source, `${folder.path}/chain.pem`],
    });
    await using child = new Deno.Command(line.command, {
      args: [...line.args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextLineStream()).getReader();
    assert.equal((await lines.read()).value, "old");
    await Deno.writeTextFile(`${folder.path}/chain.pem.new`, "new");
    await Deno.rename(`${folder.path}/chain.pem.new`, `${folder.path}/chain.pem`);
    // Drops the inodes of /proc, which come anew.
    if (canRaiseLimits) await Deno.writeTextFile("/proc/sys/vm/drop_caches", "2");
    const input = child.stdin.getWriter();
    await input.write(new Uint8Array(1));
    assert.equal((await lines.read()).value, "new true");
    await input.close();
    await lines.cancel();
  },
);

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
    await withHardened("worker", undefined, async ({ child, folder }) => {
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
