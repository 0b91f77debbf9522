import assert from "node:assert/strict";
import { runAsOrdinaryUser } from "../../test/harness/ordinary_user.ts";
import { memoryLockLimit } from "../libc/bindings.ts";

/** Opens a pool under the limit, and reports as JSON what happened and what stayed mapped. */
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
  return JSON.parse(await runAsOrdinaryUser(program, limit, backing, String(totalBytes))) as Record<
    string,
    unknown
  >;
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
