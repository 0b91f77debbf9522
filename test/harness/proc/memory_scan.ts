import { Buffer } from "node:buffer";
import { mappingsOf } from "./inspect.ts";

/** What a search of a process's memory found. */
export interface MemoryScan {
  /** Bytes that could be read and were searched. */
  readonly searched: number;
  /** For each needle, by its name: the addresses where it stands. */
  readonly found: ReadonlyMap<string, readonly number[]>;
}

const chunkLength = 4 << 20;

/**
 * Searches all readable memory of a process for each of the needles (at least 8 bytes long, or chance would find them).
 * Ranges that the kernel does not show are left out: secret memory (memfd_secret) is one of them by design, so a
 * needle only there is not found. Throws when the process may not be looked into at all.
 */
export async function scanMemory(pid: number, needles: ReadonlyMap<string, Uint8Array>): Promise<MemoryScan> {
  for (const [name, needle] of needles) {
    if (needle.length < 8) {
      throw new RangeError(`Cannot search for ${name}: ${needle.length} bytes are too few`);
    }
  }
  using memory = await Deno.open(`/proc/${pid}/mem`);
  const found = new Map<string, number[]>([...needles.keys()].map((name) => [name, []]));
  const overlap = Math.max(...[...needles.values()].map(({ length }) => length)) - 1;
  let searched = 0;
  for (const { start, end, permissions, name } of await mappingsOf(pid)) {
    if (
      !permissions.startsWith("r") || name === "[vvar]" || name === "[vsyscall]" || name.startsWith("/dev/")
    ) continue;
    for (let position = start; position < end; position += chunkLength) {
      const length = Math.min(chunkLength + overlap, end - position);
      const bytes = await readAt(memory, position, length);
      if (bytes === undefined) break;
      searched += Math.min(bytes.length, chunkLength);
      for (const [needle, pattern] of needles) {
        // What begins in the overlap is found with the next chunk.
        for (const offset of offsetsOf(bytes, pattern)) {
          if (offset < chunkLength) found.get(needle)?.push(position + offset);
        }
      }
    }
  }
  return { searched, found };
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

function* offsetsOf(bytes: Buffer, pattern: Uint8Array): Generator<number> {
  for (let offset = bytes.indexOf(pattern); offset !== -1; offset = bytes.indexOf(pattern, offset + 1)) {
    yield offset;
  }
}
