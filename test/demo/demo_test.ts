import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { runCommand } from "../harness/command.ts";
import { freePort } from "../harness/loopback.ts";
import { poll } from "../harness/poll.ts";
import { commandLineOf, descendantsOf, isAlive } from "../harness/proc/inspect.ts";
import { ChildProcess } from "../harness/processes/child_process.ts";
import { TemporaryFolder } from "../harness/temporary_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const frontDoor = `${root}holdfast`;
const demo = (...args: string[]) =>
  new ChildProcess({ name: "demo", command: frontDoor, args: ["demo", ...args] });

Deno.test("demo --once shows the parties, the steps, the chain and a command, and exits 0", async () => {
  const port = String(freePort());
  const { code, stdout, stderr } = await runCommand(frontDoor, ["demo", "--once", "--edge-port", port], {
    deadline: 60_000,
    // As after trying it by hand in the same shell: another token's place tells the edge nothing of this one.
    env: { SOFTHSM2_CONF: "/nonexistent/softhsm2.conf" },
  });
  assert.equal(code, 0, stdout + stderr);
  for (const part of ["key server", "edge supervisor", "edge worker"]) assert(stdout.includes(part), stdout);
  assert.match(stdout, /TLSv1\.3, TLS_AES_\d+_GCM_SHA\d+, x25519, ecdsa_secp256r1_sha256/);
  assert.match(stdout, /asks the key server to sign/);
  assert.match(stdout, /0 CN=www\.holdfast\.test/);
  assert.match(
    stdout,
    new RegExp(`curl --cacert \\S+ --resolve www\\.holdfast\\.test:${port}:127\\.0\\.0\\.1 https://`),
  );
  assert.doesNotMatch(stdout, /FAIL|undefined|NaN/);
  // deno-lint-ignore no-control-regex -- the escape character is what must not be there
  assert.doesNotMatch(stdout, /\x1b/, "no colours without a terminal");
});

Deno.test("the command that the demo prints works while it runs, and Ctrl-C ends all of it", async () => {
  await using state = await TemporaryFolder.create();
  await using process = demo("--state", state.file("demo"));
  await poll(
    "the demo",
    () => process.end !== undefined || process.lines.some((line) => /stays up/.test(line)),
    60_000,
  );
  const command = process.lines.find((line) => line.includes("curl --cacert"));
  assert(command !== undefined, process.lines.join("\n"));
  const { stdout } = await runCommand("sh", ["-c", `${command} --silent`]);
  assert.match(stdout, /Hello from behind the edge/);
  await rotateAsTold(process.lines);
  const descendants = await descendantsOf(process.pid);
  assert(descendants.length >= 3, "a key server, a supervisor and a worker");
  process.signal("SIGINT");
  assert.deepEqual(await process.ended, { code: 0, signal: null });
  assert.deepEqual(descendants.filter(isAlive), []);
});

Deno.test("no process of the demo outlives it when it is killed with SIGKILL", async () => {
  await using state = await TemporaryFolder.create();
  await using process = demo("--state", state.file("demo"));
  await poll(
    "the demo",
    () => process.end !== undefined || process.lines.some((line) => /stays up/.test(line)),
    60_000,
  );
  const descendants = await descendantsOf(process.pid);
  assert(descendants.length >= 3, process.lines.join("\n"));
  await process.kill();
  await poll("the end of all", () => !descendants.some(isAlive));
});

Deno.test("a signal while the demo is starting ends it with 130 and leaves nothing behind", async () => {
  await using state = await TemporaryFolder.create();
  const path = state.file("demo");
  await using process = demo("--state", path);
  await poll("its first step", () => process.lines.some((line) => line.includes("1. Starting")), 60_000);
  process.signal("SIGTERM");
  assert.deepEqual(await process.ended, { code: 130, signal: null });
  await poll("the end of all", async () => (await commandLinesWith(path)).length === 0);
});

Deno.test("an edge port that is taken ends the demo with 1 and the reason, not with a stack", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, stderr } = await runCommand(frontDoor, [
    "demo",
    "--once",
    "--edge-port",
    `${taken.addr.port}`,
  ], {
    deadline: 60_000,
  });
  assert.equal(code, 1);
  assert.match(stderr, /Cannot listen on 127\.0\.0\.1:\d+: Address already in use/);
  assert.doesNotMatch(stderr, /^ +at /m);
});

Deno.test("a mistake on the demo's command line ends it with 2", async () => {
  for (const args of [["--edge-port", "70000"], ["--frobnicate"], ["stray"]]) {
    assert.equal((await runCommand(frontDoor, ["demo", ...args])).code, 2);
  }
});

/** Types what the demo tells a newcomer to type. */
async function rotateAsTold(lines: readonly string[]): Promise<void> {
  const first = lines.findIndex((line) => line.includes("5. Rotate its key"));
  const commands = lines.slice(first + 1, lines.indexOf("", first));
  const { code, stdout, stderr } = await runCommand("sh", ["-ec", commands.join("\n")], {
    cwd: root,
    deadline: 60_000,
  });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /state +healthy[^]*Verification: OK[^]*public key is 256 bit/);
  assert.match(stdout, / done\n[^]*Development CA development[^]*Verification: OK[^]*public key is 384 bit/);
  assert.match(stdout, /active +www\.holdfast\.test-\w+ +ecdsa-p384/);
}

/** Command lines of running processes that name the folder. */
async function commandLinesWith(folder: string): Promise<string[]> {
  const pids = (await Array.fromAsync(Deno.readDir("/proc"))).map(({ name }) => Number(name)).filter((pid) =>
    pid > 0
  );
  const lines = await Promise.all(
    pids.map((pid) => commandLineOf(pid).then((line) => line.join(" "), () => "")),
  );
  return lines.filter((line) => line.includes(folder));
}
