import { AuditDamageError, type DamagePlace } from "./errors.ts";
import {
  type AuditRecord,
  genesisHash,
  maximumLineBytes,
  readChainedLine,
  sameBytes,
} from "./chained_line.ts";
import { checkpointDamage, checkpointSchema } from "./checkpoint.ts";
import { linesOf, listLogFiles, type LogFile } from "./log_files.ts";
import { fileRecordSchema } from "./file_record.ts";

/** Records between a checkpoint and the one it is over, at most: its signature takes as long as the token takes. */
const checkpointReach = 100_000;

/** A place in the chain: record `n` has this hash. */
export interface ChainHead {
  readonly n: number;
  readonly hash: Uint8Array;
}

export interface VerifyOptions {
  /** DER SubjectPublicKeyInfo that every checkpoint must be signed with. Left out: that of the first checkpoint. */
  readonly publicKey?: Uint8Array;
  /** How far the log has to reach at least, as somebody else remembers it. */
  readonly head?: ChainHead;
  /** Told each record as it passes. */
  readonly onRecord?: (record: AuditRecord) => void;
}

/** What was found to be whole. */
export interface VerifiedLog {
  readonly files: number;
  /** 1, unless older files were taken away. Undefined: there is no log. */
  readonly first: number | undefined;
  readonly head: ChainHead;
  readonly checkpoints: number;
  /** The last record that a checkpoint is over; what is after it is chained and not signed yet. */
  readonly signedUntil: number | undefined;
  /** DER SubjectPublicKeyInfo of the checkpoints, in base64. */
  readonly publicKey: string | undefined;
}

/**
 * Reads the log's files in their order and checks each line against the one before, and each checkpoint against its key.
 * Throws AuditDamageError with the first place that is not as it was written.
 *
 * Whole lines missing at the end cannot be told from a log that ends there, unless `head` remembers more.
 */
export async function verifyLog(folder: string, options: VerifyOptions = {}): Promise<VerifiedLog> {
  return await verifyFiles(await listLogFiles(folder), options);
}

/** The same for some of the files, one after the other as they follow. */
export async function verifyFiles(
  files: readonly LogFile[],
  options: VerifyOptions = {},
): Promise<VerifiedLog> {
  const verification = new Verification(options);
  for (const [index, file] of files.entries()) {
    await verification.readFile(file, index === 0);
  }
  return verification.finish(files.at(-1), files.length);
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #recent = new Map<number, Uint8Array>();
  #head: ChainHead = { n: 0, hash: genesisHash };
  #first: number | undefined;
  #checkpoints = 0;
  #signedUntil: number | undefined;
  #publicKey: string | undefined;
  #place: DamagePlace | undefined;
  #sawRememberedHead = false;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#publicKey = options.publicKey?.toBase64();
  }

  async readFile(file: LogFile, isFirst: boolean): Promise<void> {
    let isOpening = true;
    for await (const { bytes, line, offset, ended } of linesOf(file.path, maximumLineBytes)) {
      this.#place = { file: file.path, line, offset };
      if (!ended) throw this.#damage("the line has no end");
      if (isOpening && isFirst) this.#beginAt(file, bytes);
      this.#takeLine(bytes, isOpening ? file : undefined);
      isOpening = false;
    }
    if (isOpening) {
      throw new AuditDamageError({ file: file.path, line: 1, offset: 0 }, "the file is empty");
    }
  }

  finish(last: LogFile | undefined, files: number): VerifiedLog {
    const { head } = this.#options;
    if (head !== undefined && head.n > 0 && !this.#sawRememberedHead) {
      const place = this.#place ?? { file: last?.path ?? "the folder", line: 0, offset: 0 };
      throw new AuditDamageError(place, `the log ends here, and has had a record ${head.n}`);
    }
    return {
      files,
      first: this.#first,
      head: this.#head,
      checkpoints: this.#checkpoints,
      signedUntil: this.#signedUntil,
      publicKey: this.#publicKey,
    };
  }

  /** Older files may have been taken away: then the chain begins with what the oldest one left says it follows. */
  #beginAt(file: LogFile, line: Uint8Array): void {
    this.#first = file.firstRecord;
    if (file.firstRecord === 1) return;
    const tabAt = line.lastIndexOf(0x09);
    let opening;
    try {
      opening = fileRecordSchema.parse(JSON.parse(new TextDecoder().decode(line.subarray(0, tabAt))));
    } catch {
      throw this.#damage("the first line does not say what the file follows");
    }
    this.#head = { n: file.firstRecord - 1, hash: Uint8Array.fromHex(opening.follows) };
  }

  #takeLine(line: Uint8Array, opens: LogFile | undefined): void {
    const read = readChainedLine(this.#head.hash, line);
    if ("damage" in read) throw this.#damage(read.damage);
    const { record, hash } = read;
    if (record.n !== this.#head.n + 1) {
      throw this.#damage(`it is record ${record.n} where ${this.#head.n + 1} follows`);
    }
    if (opens !== undefined) this.#checkOpening(record, opens);
    this.#head = { n: record.n, hash };
    this.#remember(this.#head);
    if (record.kind === "checkpoint") this.#checkCheckpoint(record);
    this.#options.onRecord?.(record);
  }

  #checkOpening(record: AuditRecord, file: LogFile): void {
    const opening = fileRecordSchema.safeParse(record);
    if (!opening.success) throw this.#damage("the first line does not say what the file follows");
    if (opening.data.follows !== this.#head.hash.toHex()) {
      throw this.#damage("the file says that it follows another record");
    }
    if (record.n !== file.firstRecord) throw this.#damage(`the file's name is another record's`);
  }

  #checkCheckpoint(record: AuditRecord): void {
    const checkpoint = checkpointSchema.safeParse(record);
    if (!checkpoint.success) throw this.#damage("it is no checkpoint");
    const { over } = checkpoint.data;
    // The beginning may be over a record of a file that is not read here: then its signature vouches for the hash alone.
    const isBefore = over.n < this.#first!;
    const hashOf = (n: number) => isBefore ? Uint8Array.fromHex(over.hash) : this.#recent.get(n);
    const damage = checkpointDamage(checkpoint.data, hashOf, this.#publicKey);
    if (damage !== undefined) throw this.#damage(damage);
    this.#publicKey ??= checkpoint.data.publicKey;
    this.#checkpoints++;
    this.#signedUntil = checkpoint.data.over.n;
  }

  #remember({ n, hash }: ChainHead): void {
    this.#recent.set(n, hash);
    this.#recent.delete(n - checkpointReach);
    const { head } = this.#options;
    if (head?.n !== n) return;
    if (!sameBytes(head.hash, hash)) throw this.#damage(`record ${n} has had another hash`);
    this.#sawRememberedHead = true;
  }

  #damage(reason: string): AuditDamageError {
    return new AuditDamageError(this.#place!, reason);
  }
}
