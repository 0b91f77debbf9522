import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { fromHex } from "../../shared/libcrypto/hexadecimal.ts";
import { mappingsOf } from "../harness/proc/inspect.ts";
import { scanMemory } from "../harness/proc/memory_scan.ts";

/**
 * Runs every primitive in a child that then sleeps, and searches the child's memory for each secret it used. The pool
 * lies on mlock, because secretmem cannot be searched. Secrets reach the test under a mask, byte by byte, so that
 * telling about them makes no copy.
 */
async function withChild(
  leave: string,
  inspect: (pid: number, report: Report) => Promise<void>,
): Promise<void> {
  const program = new URL("./primitive_copies_child.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-ffi", "--no-check", fileURLToPath(program), leave],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  try {
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await reader.read();
      assert.equal(done, false, "the child ended early");
      line += value ?? "";
    }
    await inspect(child.pid, JSON.parse(line) as Report);
    await reader.cancel();
  } finally {
    await child.stdin.close(); // the child ends with its input
    await child.status;
  }
}

interface Report {
  readonly pool: { readonly address: number; readonly length: number };
  /** Name of a secret: its bytes, masked. */
  readonly masked: Record<string, string>;
}

async function foundOutsideLockedMemory(pid: number, { pool, masked }: Report): Promise<string[]> {
  const needles = new Map(
    Object.entries(masked).map(([name, hex]) => [name, fromHex(hex).map((b) => b ^ 0x5c)]),
  );
  const { found } = await scanMemory(pid, needles);
  const locked = await lockedRanges(pid);
  assert.ok(locked.some(({ start, end }) => start <= pool.address && pool.address + pool.length <= end));
  const outside: string[] = [];
  for (const [name, addresses] of found) {
    if (addresses.some((address) => !locked.some(({ start, end }) => start <= address && address < end))) {
      outside.push(name);
    }
  }
  const inside = [...found].filter(([, addresses]) => addresses.length > 0).map(([name]) => name);
  assert.deepEqual(
    inside.toSorted(),
    [...needles.keys()].toSorted(),
    "every secret is alive, and so can be found",
  );
  return outside;
}

async function lockedRanges(pid: number): Promise<{ start: number; end: number }[]> {
  const entries = (await Deno.readTextFile(`/proc/${pid}/smaps`)).split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  const locked = new Set(
    entries.filter((entry) => /^VmFlags:.* lo /m.test(entry)).map((entry) => parseInt(entry, 16)),
  );
  return (await mappingsOf(pid)).filter(({ start }) => locked.has(start));
}

Deno.test("L18: after every primitive has run, live secrets stand in locked memory only", async () => {
  await withChild("nothing", async (pid, report) => {
    assert.deepEqual(await foundOutsideLockedMemory(pid, report), []);
  });
});

Deno.test("L18: the search finds a key in a cipher context that was not given back (the control)", async () => {
  await withChild("aead-keyed", async (pid, report) => {
    assert.deepEqual(await foundOutsideLockedMemory(pid, report), ["traffic key"]);
  });
});
