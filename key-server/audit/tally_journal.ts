/**
 * The counts of a minute that is under way, in a file, so that a process that is killed loses none of them:
 *
 *    {"count":"0000000042","tally":"<its id>", ... the record's fields} LF
 *
 * A line is written once and its ten digits are written over.
 */
import { join } from "node:path";
import { z } from "zod";
import { AuditError } from "./errors.ts";
import { linesOf } from "./log_files.ts";
import type { RecordContents } from "./log_writer.ts";

const countDigits = 10;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const lineSchema = z.looseObject({
  count: z.string().regex(/^\d{10}$/),
  tally: z.string(),
  kind: z.string(),
});

/** A record of something counted: its id, and how often. */
export type TallyRecord = RecordContents & { readonly tally: string; readonly count: number };

/** The first digit of a line's count, in the file. */
export type JournalPlace = number;

export class TallyJournal implements Disposable {
  readonly #file: Deno.FsFile;
  #length: number;

  private constructor(file: Deno.FsFile, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** Opens a journal in the log's folder, and returns what a process before has left in it. Throws AuditError. */
  static async open(folder: string, name: string): Promise<{ journal: TallyJournal; left: TallyRecord[] }> {
    const path = join(folder, name);
    try {
      const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
      const { size } = await file.stat();
      return { journal: new TallyJournal(file, size), left: await readLeft(path) };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : "unknown failure";
      throw new AuditError(`${path}: ${reason}`, { cause });
    }
  }

  /** Writes a line. Throws the disk's error. */
  begin({ count, ...fields }: TallyRecord): JournalPlace {
    const head = `{"count":"`;
    const line = `${head}${digits(count)}",${JSON.stringify(fields).slice(1)}\n`;
    const bytes = encoder.encode(line);
    this.#writeAt(this.#length, bytes);
    const place = this.#length + head.length;
    this.#length += bytes.length;
    return place;
  }

  /** Writes a line's count over. Throws the disk's error. */
  update(place: JournalPlace, count: number): void {
    this.#writeAt(place, encoder.encode(digits(count)));
  }

  /** Forgets everything: it is in the log, on the disk. */
  empty(): void {
    this.#file.truncateSync(0);
    this.#length = 0;
  }

  async sync(): Promise<void> {
    await this.#file.syncData();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #writeAt(offset: number, bytes: Uint8Array): void {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
  }
}

function digits(count: number): string {
  return String(count).padStart(countDigits, "0");
}

/** A line that a crash of the machine has torn is left out: the disk never had it whole. */
async function readLeft(path: string): Promise<TallyRecord[]> {
  const left: TallyRecord[] = [];
  for await (const { bytes, ended } of linesOf(path, 1 << 16)) {
    if (!ended) continue;
    try {
      const { count, ...fields } = lineSchema.parse(JSON.parse(decoder.decode(bytes)));
      left.push({ ...fields, count: Number(count) });
    } catch {
      continue;
    }
  }
  return left;
}
