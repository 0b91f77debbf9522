import { join } from "node:path";
import { concatenate } from "../../shared/codec/concatenate.ts";
import { digest } from "../../shared/libcrypto/digest.ts";
import { type AuditRecord, chainLine, maximumLineBytes } from "./chained_line.ts";
import { AuditError } from "./errors.ts";
import { linesOf, listLogFiles, type LogFile, logFileName } from "./log_files.ts";
import { type ChainHead, verifyFiles } from "./verify_log.ts";

/** What a record says besides its number and its instant. */
export type RecordContents = { readonly kind: string } & Readonly<Record<string, unknown>>;

export interface LogWriterOptions {
  /** Made with mode 0700 if it is not there. */
  readonly folder: string;
  /** A new file begins once one is this long. */
  readonly fileBytes: number;
  readonly now?: () => Date;
  /** Told each record of the newest two files while the log is opened. */
  readonly onFound?: (record: AuditRecord) => void;
}

/** A chained line that is not written yet. */
interface WaitingLine {
  readonly bytes: Uint8Array;
  /** The name of the file that begins with it. */
  readonly beginsFile: string | undefined;
}

/**
 * Appends records to the log's files.
 *
 * Records are chained when they are added, held in memory, and written by `flush` in one go. What the disk does not take
 * stays and is tried again, so the chain has no hole. One process at a time: the folder is locked.
 */
export class LogWriter implements Disposable {
  readonly #options: LogWriterOptions;
  readonly #lock: Deno.FsFile;
  #file: Deno.FsFile | undefined;
  /** Of the newest file, with what waits to be written into it. */
  #fileLength = Infinity;
  #head: ChainHead;
  #waiting: WaitingLine[] = [];
  #waitingBytes = 0;
  #isSynced = true;

  private constructor(options: LogWriterOptions, lock: Deno.FsFile, head: ChainHead) {
    this.#options = options;
    this.#lock = lock;
    this.#head = head;
  }

  /**
   * Verifies the newest two files, cuts off a line that a crash has torn (and says so in the log), and goes on after it.
   * Throws AuditError, and AuditDamageError for a file that was changed.
   */
  static async open(options: LogWriterOptions): Promise<LogWriter> {
    const { folder, onFound } = options;
    const lock = await lockFolder(folder);
    try {
      const { files, torn } = await newestWholeFiles(folder);
      const { head } = await verifyFiles(
        files,
        onFound === undefined ? {} : { onRecord: onFound },
      );
      const writer = new LogWriter(options, lock, head);
      const newest = files.at(-1);
      if (newest !== undefined) await writer.#goOnWith(newest.path);
      if (torn !== undefined) writer.add({ kind: "torn-line", ...torn });
      return writer;
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** The last record that was added, written or not. */
  get head(): ChainHead {
    return this.#head;
  }

  /** Bytes that wait to be written. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Chains a record to the log. Once `flush` has returned it is with the kernel. */
  add(contents: RecordContents): void {
    if (this.#fileLength >= this.#options.fileBytes) {
      this.#fileLength = 0;
      const opening = { kind: "file", follows: this.#head.hash.toHex() };
      this.#append(opening, logFileName(this.#head.n + 1));
    }
    this.#append(contents, undefined);
  }

  /**
   * Hands everything to the kernel: from then on a crash of this process loses none of it. Throws the disk's error, and
   * keeps what was not taken.
   */
  flush(): void {
    while (this.#waiting.length > 0) {
      this.#openFileOf(this.#waiting[0]!);
      const next = this.#waiting.findIndex(({ beginsFile }, index) => index > 0 && beginsFile !== undefined);
      const count = next === -1 ? this.#waiting.length : next;
      const bytes = concatenate(this.#waiting.slice(0, count).map((line) => line.bytes));
      const { written, cause } = this.#write(bytes);
      const isWhole = written === bytes.length;
      this.#waiting.splice(
        0,
        count,
        ...(isWhole ? [] : [{ bytes: bytes.subarray(written), beginsFile: undefined }]),
      );
      this.#waitingBytes -= written;
      if (!isWhole) throw new AuditError("the disk takes no more", { cause });
    }
  }

  /** Has the disk take what the kernel has: from then on a crash of the machine loses none of it. */
  async sync(): Promise<void> {
    if (this.#isSynced) return;
    this.#isSynced = true;
    try {
      await this.#file?.syncData();
    } catch (error) {
      this.#isSynced = false;
      throw error;
    }
  }

  /** Call `flush` before. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#lock.close();
  }

  async #goOnWith(path: string): Promise<void> {
    this.#file = await Deno.open(path, { append: true });
    this.#fileLength = (await this.#file.stat()).size;
  }

  #append(contents: RecordContents, beginsFile: string | undefined): void {
    const n = this.#head.n + 1;
    const at = (this.#options.now?.() ?? new Date()).toISOString();
    const { bytes, hash } = chainLine(this.#head.hash, { n, at, ...contents });
    this.#head = { n, hash };
    this.#waiting.push({ bytes, beginsFile });
    this.#waitingBytes += bytes.length;
    this.#fileLength += bytes.length;
  }

  #openFileOf({ beginsFile }: WaitingLine): void {
    if (beginsFile === undefined) return;
    const path = join(this.#options.folder, beginsFile);
    // Tried again after a failure, it may be there already, and empty.
    const file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    this.#file?.syncDataSync();
    this.#file?.close();
    this.#file = file;
  }

  #write(bytes: Uint8Array): { readonly written: number; readonly cause?: unknown } {
    this.#isSynced = false;
    let written = 0;
    try {
      while (written < bytes.length) written += this.#file!.writeSync(bytes.subarray(written));
      return { written };
    } catch (cause) {
      return { written, cause };
    }
  }
}

/** Two writers would tear the chain apart. The kernel lets go of the lock with the process, however that ends. */
async function lockFolder(folder: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await Deno.open(join(folder, "lock"), { create: true, write: true, mode: 0o600 });
    if (await file.tryLock(true)) return file;
    file.close();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown failure";
    throw new AuditError(`${folder}: ${reason}`, { cause });
  }
  throw new AuditError(`${folder}: another process writes there`);
}

interface TornLine {
  readonly bytes: number;
  readonly sha256: string;
}

/** The last two files, without what a crash has torn; one that held nothing whole is taken away. */
async function newestWholeFiles(
  folder: string,
): Promise<{ readonly files: readonly LogFile[]; readonly torn: TornLine | undefined }> {
  const files = await listLogFiles(folder);
  const last = files.at(-1);
  if (last === undefined) return { files, torn: undefined };
  const torn = await cutTornLine(last.path);
  if ((await Deno.stat(last.path)).size === 0) {
    await Deno.remove(last.path);
    files.pop();
  }
  return { files: files.slice(-2), torn };
}

/** Cuts off what follows the file's last LF; undefined: nothing does. */
async function cutTornLine(path: string): Promise<TornLine | undefined> {
  for await (const { bytes, offset, ended } of linesOf(path, maximumLineBytes)) {
    if (ended) continue;
    await Deno.truncate(path, offset);
    return { bytes: bytes.length, sha256: digest("sha256", bytes).toHex() };
  }
  return undefined;
}
