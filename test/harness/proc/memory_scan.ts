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
  const table = tableOf(needles);
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
      // Half a gigabyte of V8's code range is untouched.
      if (bytes.equals(zeros.subarray(0, bytes.length))) continue;
      for (const [needle, offset] of matches(bytes, table)) {
        // What begins in the overlap is found with the next chunk.
        if (offset < chunkLength) found.get(needle)?.push(position + offset);
      }
    }
  }
  return { searched, found };
}

const zeros = Buffer.alloc(chunkLength * 2);

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

/** Finds any of many patterns in one pass: a table of their first two bytes passes over nearly every offset. */
function* matches(bytes: Uint8Array, patterns: Table): Generator<readonly [name: string, offset: number]> {
  const { starts } = patterns;
  for (let offset = 0; offset + 1 < bytes.length; offset++) {
    if (starts[bytes[offset]! << 8 | bytes[offset + 1]!] === 0) continue;
    for (const [name, pattern] of patterns.needles) {
      if (pattern.every((byte, index) => bytes[offset + index] === byte)) yield [name, offset];
    }
  }
}

interface Table {
  readonly needles: ReadonlyMap<string, Uint8Array>;
  /** By the first two bytes: 1 where some needle begins so. */
  readonly starts: Uint8Array;
}

function tableOf(needles: ReadonlyMap<string, Uint8Array>): Table {
  const starts = new Uint8Array(1 << 16);
  for (const needle of needles.values()) starts[needle[0]! << 8 | needle[1]!] = 1;
  return { needles, starts };
}
