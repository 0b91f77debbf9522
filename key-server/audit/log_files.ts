/** The files of a log: `audit-000000000001.jsonl`, named for their first record, so that they sort as they follow. */
import { join } from "node:path";

const namePattern = /^audit-(\d{12,})\.jsonl$/;

export function logFileName(firstRecord: number): string {
  return `audit-${String(firstRecord).padStart(12, "0")}.jsonl`;
}

/** A file of the log. */
export interface LogFile {
  readonly path: string;
  readonly name: string;
  readonly firstRecord: number;
}

/** Oldest first; none where there is no such folder. */
export async function listLogFiles(folder: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      const number = namePattern.exec(name)?.[1];
      if (isFile && number !== undefined) {
        files.push({ path: join(folder, name), name, firstRecord: Number(number) });
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files.sort((a, b) => a.firstRecord - b.firstRecord);
}

/** A line and where it begins. */
export interface FileLine {
  /** Without its LF. */
  readonly bytes: Uint8Array;
  /** From 1. */
  readonly line: number;
  readonly offset: number;
  /** False for what follows the last LF. */
  readonly ended: boolean;
}

/** The lines of a file, one chunk in memory; a line that is longer than `maximumLength` comes cut into pieces of it. */
export async function* linesOf(path: string, maximumLength: number): AsyncGenerator<FileLine> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(Math.max(1 << 16, maximumLength + 1));
  let held = 0;
  let line = 1;
  let offset = 0;
  for (;;) {
    const read = await file.read(buffer.subarray(held));
    held += read ?? 0;
    let start = 0;
    for (;;) {
      const end = buffer.subarray(0, held).indexOf(0x0a, start);
      if (end === -1) break;
      yield { bytes: buffer.slice(start, end), line: line++, offset, ended: true };
      offset += end + 1 - start;
      start = end + 1;
    }
    buffer.copyWithin(0, start, held);
    held -= start;
    const isTooLong = held === buffer.length;
    if (held > 0 && (read === null || isTooLong)) {
      yield { bytes: buffer.slice(0, held), line: line++, offset, ended: false };
      offset += held;
      held = 0;
    }
    if (read === null) return;
  }
}
