/** Looking at this process's own memory from outside the pool: for tests and for `doctor`. */

/** One mapping of /proc/self/smaps. */
export interface InspectedMapping {
  readonly start: number;
  readonly length: number;
  /** As in "rw-s". */
  readonly permissions: string;
  /** The file behind it, "" for anonymous memory. */
  readonly path: string;
  /** Two-letter flags of the VmFlags line: "lo" locked, "dc" not copied on fork, "dd" not dumped. */
  readonly flags: readonly string[];
  /** A field such as "Locked" or "Rss". */
  kilobytes(field: string): number;
}

/**
 * The mapping that holds an address; needs read permission on /proc/self/smaps.
 * @throws when nothing is mapped there
 */
export function mappingAt(address: number): InspectedMapping {
  const entries = Deno.readTextFileSync("/proc/self/smaps").split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  for (const entry of entries) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)/.exec(entry);
    if (head === null) continue;
    const start = parseInt(head[1]!, 16);
    const end = parseInt(head[2]!, 16);
    if (address < start || address >= end) continue;
    return {
      start,
      length: end - start,
      permissions: head[3]!,
      path: head[4]!,
      flags: /^VmFlags:(.*)$/m.exec(entry)?.[1]?.trim().split(" ") ?? [],
      kilobytes: (field) => Number(new RegExp(`^${field}: +(\\d+) kB$`, "m").exec(entry)?.[1] ?? NaN),
    };
  }
  throw new Error(`Cannot inspect memory: nothing is mapped at 0x${address.toString(16)}`);
}

/** A copy of raw memory. The process dies when the range is not mapped. */
export function readRaw(address: number, length: number): Uint8Array<ArrayBuffer> {
  const pointer = Deno.UnsafePointer.create(BigInt(address))!;
  const copy = new Uint8Array(length);
  Deno.UnsafePointerView.copyInto(pointer, copy);
  return copy;
}
