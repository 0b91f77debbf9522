import assert from "node:assert/strict";
import { memoryLockLimit } from "../libc/bindings.ts";

/**
 * Opens a pool in a child that runs as an ordinary user under an own RLIMIT_MEMLOCK, and reports as JSON what
 * happened and what stayed mapped. It keeps the one capability to read files, as a checkout below /root needs.
 */
const program = `
  import { LockedPool } from ${JSON.stringify(import.meta.resolve("./locked_pool.ts"))};
  const [backing, totalBytes] = Deno.args;
  const mapped = () => Deno.readTextFileSync("/proc/self/maps").split("\\n").filter((line) => line.includes("---p")
    || line.includes("secretmem")).length;
  try {
    using warmUp = LockedPool.open({ totalBytes: 4096, backing });
  } catch { /* the limit may forbid even this */ }
  const before = mapped();
  try {
    using pool = LockedPool.open({ totalBytes: Number(totalBytes), backing });
    console.log(JSON.stringify({ opened: pool.mappedBytes, backing: pool.backing }));
  } catch (error) {
    const { code, message, requestedBytes, limitBytes } = error;
    console.log(JSON.stringify({ code, message, requestedBytes, limitBytes, leftMapped: mapped() - before }));
  }
`;

const limit = 64 * 1024;

async function openAsOrdinaryUser(backing: string, totalBytes: number): Promise<Record<string, unknown>> {
  const folder = await Deno.makeTempDir({ prefix: "holdfast-memlock-" });
  try {
    await Deno.chmod(folder, 0o777);
    const script = `${folder}/open_pool.ts`;
    await Deno.writeTextFile(script, program);
    const asUser = Deno.uid() === 0
      ? [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search",
        "--bounding-set=-all,+dac_read_search",
      ]
      : [];
    const command = [
      "prlimit",
      `--memlock=${limit}:${limit}`,
      ...asUser,
      Deno.execPath(),
      "run",
      "--no-config",
      "--no-check",
      "--allow-all", // reading /proc/self/maps needs it
      script,
      backing,
      String(totalBytes),
    ];
    const result = await new Deno.Command(command[0]!, {
      args: command.slice(1),
      env: { DENO_DIR: `${folder}/deno`, HOME: folder, NO_COLOR: "1" },
      stderr: "piped",
    }).output();
    const text = new TextDecoder().decode(result.stdout);
    assert.ok(result.success, `the child failed: ${new TextDecoder().decode(result.stderr)}`);
    return JSON.parse(text) as Record<string, unknown>;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const backing of ["secretmem", "mlock", "auto"]) {
  Deno.test(`L24: over RLIMIT_MEMLOCK an ordinary user's ${backing} pool is refused, and nothing stays mapped`, async () => {
    const outcome = await openAsOrdinaryUser(backing, 2 * limit);
    assert.equal(outcome.code, "memory-lock-limit");
    assert.equal(outcome.requestedBytes, 2 * limit);
    assert.equal(outcome.limitBytes, limit);
    assert.match(String(outcome.message), /RLIMIT_MEMLOCK is 65536 bytes.*LimitMEMLOCK=/);
    assert.equal(outcome.leftMapped, 0);
  });
}

Deno.test("L24: under RLIMIT_MEMLOCK an ordinary user's pool opens", async () => {
  const outcome = await openAsOrdinaryUser("auto", limit / 2);
  assert.equal(outcome.opened, limit / 2);
});

Deno.test("the limit on locked memory is read in bytes", () => {
  const { soft, hard } = memoryLockLimit();
  const line = /^Max locked memory +(\S+) +(\S+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))!;
  const number = (text: string) => text === "unlimited" ? Infinity : Number(text);
  assert.deepEqual([soft, hard], [number(line[1]!), number(line[2]!)]);
});
