import { mustRun } from "../../harness/command.ts";
import { mappingsOf } from "../../harness/proc/inspect.ts";
import { touchedRanges } from "../../harness/proc/memory_scan.ts";
import { NeedleTable } from "../../harness/proc/needle_table.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import type { NamedSecret } from "./named_secret.ts";
import { flaggedRangesOf, Needles } from "./search.ts";

const chunkLength = 8 << 20;

/** How gdb takes the core. */
export type CoreKind =
  /** The pages that gcore would write and that the process has ever touched: all others are zeros. */
  | "touched pages"
  /** gcore itself. It writes V8's reserved addresses out: 18 GB of zeros for a Deno process. */
  | "gcore";

/** What a core that gdb takes of a live process holds of the secrets, in words. */
export async function foundInCore(
  pid: number,
  secrets: readonly NamedSecret[],
  kind: CoreKind = "touched pages",
): Promise<{ readonly searched: number; readonly found: readonly string[] }> {
  await using folder = await TemporaryFolder.create("holdfast-core-");
  const core = folder.file("core");
  await (kind === "gcore" ? gdb(pid, [`gcore ${core}`]) : gdb(pid, await dumpCommands(pid, core)));
  const { searched, found } = await searchFile(core, new Needles(secrets));
  return { searched, found: [...found].map((key) => `${key}: found in the core of process ${pid}`) };
}

async function gdb(pid: number, commands: readonly string[]): Promise<void> {
  await using folder = await TemporaryFolder.create("holdfast-gdb-");
  const script = folder.file("commands");
  await Deno.writeTextFile(script, commands.join("\n"));
  // Deno's symbols are not needed, and reading them takes longer than all else.
  const quick = ["-nx", "-batch", "--readnever", "-iex", "set auto-solib-add off"];
  await mustRun("gdb", [...quick, "-p", `${pid}`, "-x", script], { deadline: 300_000 });
}

/** What gcore leaves out: mappings that their owner keeps out of cores (`dd` of VmFlags), and those of files. */
async function dumpCommands(pid: number, file: string): Promise<string[]> {
  const leftOut = new Set((await flaggedRangesOf(pid, "dd")).map(({ start }) => start));
  using pagemap = await Deno.open(`/proc/${pid}/pagemap`);
  const commands: string[] = [];
  for (const mapping of await mappingsOf(pid)) {
    if (leftOut.has(mapping.start) || !/^r/.test(mapping.permissions) || /^\[v/.test(mapping.name)) continue;
    for (const { start, end } of await touchedRanges(pagemap, mapping)) {
      commands.push(`append binary memory ${file} 0x${start.toString(16)} 0x${end.toString(16)}`);
    }
  }
  return commands;
}

async function searchFile(path: string, needles: Needles): Promise<{ searched: number; found: Set<string> }> {
  using file = await Deno.open(path);
  const table = new NeedleTable(needles.bytes);
  const found = new Set<string>();
  const buffer = new Uint8Array(chunkLength + table.longest);
  let searched = 0;
  let kept = 0;
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer.subarray(kept))) {
    const bytes = buffer.subarray(0, kept + read);
    // Most of what gcore writes are zeros.
    if (!isZero(bytes)) {
      for (const [key] of table.matches(bytes)) found.add(key);
    }
    searched += read;
    // What may begin at the end is looked at again with what follows.
    kept = Math.min(bytes.length, table.longest - 1);
    buffer.copyWithin(0, bytes.length - kept, bytes.length);
  }
  return { searched, found };
}

function isZero(bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  // A loop: eight times as quick as every(), over 18 GB.
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== 0) return false;
  }
  return bytes.subarray(words.byteLength).every((byte) => byte === 0);
}
