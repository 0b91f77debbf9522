import { type AuditRecord, maximumLineBytes } from "./chained_line.ts";
import { linesOf, listLogFiles } from "./log_files.ts";

/** Which records are wanted; what is left out is no condition. */
export interface RecordFilter {
  readonly since?: Date;
  readonly until?: Date;
  readonly kind?: string;
  readonly edge?: string;
  readonly key?: string;
  /** Of an administrator's doings. */
  readonly author?: string;
}

const decoder = new TextDecoder();

/** The records of a log's folder that are wanted, oldest first, as they are written and not verified. */
export async function* readLog(folder: string, filter: RecordFilter = {}): AsyncGenerator<AuditRecord> {
  const files = await listLogFiles(folder);
  for (const file of files) {
    for await (const { bytes } of linesOf(file.path, maximumLineBytes)) {
      const record = parseRecord(bytes);
      if (record !== undefined && isWanted(record, filter)) yield record;
    }
  }
}

/** The newest `count` records that are wanted, oldest first; reads no more files than it takes. */
export async function tailLog(
  folder: string,
  count: number,
  filter: RecordFilter = {},
): Promise<AuditRecord[]> {
  let found: AuditRecord[] = [];
  for (const file of (await listLogFiles(folder)).reverse()) {
    const ofFile: AuditRecord[] = [];
    for await (const { bytes } of linesOf(file.path, maximumLineBytes)) {
      const record = parseRecord(bytes);
      if (record !== undefined && isWanted(record, filter)) ofFile.push(record);
      if (ofFile.length > count) ofFile.shift();
    }
    found = [...ofFile, ...found].slice(-count);
    if (found.length >= count) break;
  }
  return found;
}

/** A line that is being written, or that somebody broke: `verify` tells of it. */
function parseRecord(line: Uint8Array): AuditRecord | undefined {
  try {
    return JSON.parse(decoder.decode(line.subarray(0, line.lastIndexOf(0x09)))) as AuditRecord;
  } catch {
    return undefined;
  }
}

function isWanted(record: AuditRecord, { since, until, kind, edge, key, author }: RecordFilter): boolean {
  const at = Date.parse(record.at);
  return (since === undefined || at >= since.getTime()) &&
    (until === undefined || at < until.getTime()) &&
    (kind === undefined || record.kind === kind) &&
    (edge === undefined || record.edge === edge) &&
    (key === undefined || record.key === key) &&
    (author === undefined || record.author === author);
}
