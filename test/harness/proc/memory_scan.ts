import { Buffer } from "node:buffer";
import { type Mapping, mappingsOf } from "./inspect.ts";
import { NeedleTable } from "./needle_table.ts";

/** What a search of a process's memory found. */
export interface MemoryScan {
  /** Bytes that could be read and were searched. */
  readonly searched: number;
  /** For each needle, by its name: the addresses where it stands. */
  readonly found: ReadonlyMap<string, readonly number[]>;
}

const chunkLength = 4 << 20;
const pageLength = 4096;
/** The kernel's own pages and devices. */
const unreadable = /^(\[vvar|\[vsyscall|\/dev\/)/;

/**
 * Searches all memory in use of a process for each of the needles (at least 8 bytes long, or chance would find them).
 * Ranges that the kernel does not show are left out: secret memory (memfd_secret) is one of them by design, so a
 * needle only there is not found. Throws when the process may not be looked into at all.
 */
export async function scanMemory(pid: number, needles: ReadonlyMap<string, Uint8Array>): Promise<MemoryScan> {
  const table = new NeedleTable(needles);
  using memory = await Deno.open(`/proc/${pid}/mem`);
  using pagemap = await Deno.open(`/proc/${pid}/pagemap`);
  const found = new Map<string, number[]>([...needles.keys()].map((name) => [name, []]));
  const overlap = table.longest - 1;
  let searched = 0;
  for (const mapping of await mappingsOf(pid)) {
    if (!mapping.permissions.startsWith("r") || unreadable.test(mapping.name)) continue;
    for (const { start, end } of await touchedRanges(pagemap, mapping)) {
      for (let position = start; position < end; position += chunkLength) {
        const bytes = await readAt(memory, position, Math.min(chunkLength + overlap, end - position));
        if (bytes === undefined) break;
        searched += Math.min(bytes.length, chunkLength);
        for (const [needle, offset] of table.matches(bytes)) {
          // What begins in the overlap is found with the next chunk.
          if (offset < chunkLength) found.get(needle)?.push(position + offset);
        }
      }
    }
  }
  return { searched, found };
}

/**
 * The runs of pages that the process has touched: present in memory or swapped out. A JavaScript engine maps half a
 * gigabyte ahead and touches little of it.
 */
export async function touchedRanges(
  pagemap: Deno.FsFile,
  { start, end }: Mapping,
): Promise<{ start: number; end: number }[]> {
  const entries = await readAt(pagemap, start / pageLength * 8, (end - start) / pageLength * 8);
  const ranges: { start: number; end: number }[] = [];
  for (let page = 0; page * 8 + 7 < (entries?.length ?? 0); page++) {
    // Linux, Documentation/admin-guide/mm/pagemap.rst: bit 63 present, bit 62 swapped.
    if (((entries?.[page * 8 + 7] ?? 0) & 0xc0) === 0) continue;
    const address = start + page * pageLength;
    const last = ranges.at(-1);
    if (last?.end === address) last.end += pageLength;
    else ranges.push({ start: address, end: address + pageLength });
  }
  return ranges;
}

async function readAt(memory: Deno.FsFile, position: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  try {
    await memory.seek(position, Deno.SeekMode.Start);
    while (filled < length) {
      const read = await memory.read(buffer.subarray(filled));
      if (read === null) break;
      filled += read;
    }
  } catch {
    // EIO: a range that the kernel does not show, or one that was unmapped meanwhile.
  }
  return filled === 0 ? undefined : buffer.subarray(0, filled);
}
