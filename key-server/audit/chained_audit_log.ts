import type { Logger } from "../../shared/log.ts";
import type { AuditEvent, AuditLog } from "./audit_log.ts";
import { asRecord, asTally } from "./event_records.ts";
import { type CheckpointSigner, makeCheckpoint } from "./checkpoint.ts";
import { LogWriter, type RecordContents } from "./log_writer.ts";
import { MinuteTally } from "./minute_tally.ts";
import { TallyJournal } from "./tally_journal.ts";
import type { ChainHead } from "./verify_log.ts";

/** Bytes that a disk that takes nothing may make us hold; after that records are lost, and their number is told. */
const mostWaiting = 16 << 20;

export interface ChainedAuditLogOptions {
  readonly folder: string;
  /** A file's length, in bytes, after which the next one begins. */
  readonly fileBytes: number;
  /** Whether each key operation is a record, or each minute's operations of an edge with a key. */
  readonly keyOperations: "each" | "by-minute";
  /** Milliseconds between checkpoints, if there is something new. */
  readonly checkpointInterval: number;
  /** Milliseconds between two times that the disk is waited for. */
  readonly syncInterval: number;
  /** Undefined: the log is chained and not signed. */
  readonly signer: CheckpointSigner | undefined;
  readonly log: Logger;
  readonly now?: () => Date;
}

/**
 * The audit log in files.
 *
 * `record` only remembers; `flush` hands what was remembered to the kernel, and a session calls it before it writes
 * answers: so what an edge was answered is in the log however this process ends. A disk that fails stops no signature:
 * key operations are only counted from then on, and everything is written once the disk is back.
 */
export class ChainedAuditLog implements AuditLog, AsyncDisposable {
  readonly #options: ChainedAuditLogOptions;
  readonly #writer: LogWriter;
  readonly #journals: readonly [TallyJournal, TallyJournal];
  readonly #tally: MinuteTally;
  readonly #timers: readonly ReturnType<typeof setInterval>[];
  #signedUntil = 0;
  #checkpointing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #failure: string | undefined;
  #lost = 0;
  #hasNews = false;

  private constructor(
    options: ChainedAuditLogOptions,
    writer: LogWriter,
    journals: readonly [TallyJournal, TallyJournal],
  ) {
    this.#options = options;
    this.#writer = writer;
    this.#journals = journals;
    this.#tally = new MinuteTally(journals);
    this.#timers = [
      setInterval(() => void this.sync(), options.syncInterval),
      setInterval(() => void this.checkpoint(), options.checkpointInterval),
    ];
  }

  /**
   * Opens the log, and writes down what a process before it had counted and not written. Throws AuditError, and
   * AuditDamageError when the newest files were changed.
   */
  static async open(options: ChainedAuditLogOptions): Promise<ChainedAuditLog> {
    const { folder, fileBytes, now = () => new Date() } = options;
    await using parts = new AsyncDisposableStack();
    const written = new Set<unknown>();
    const onFound = ({ tally }: Record<string, unknown>) => void written.add(tally);
    const writer = parts.use(await LogWriter.open({ folder, fileBytes, now, onFound }));
    const first = await TallyJournal.open(folder, "minute-a.journal");
    parts.use(first.journal);
    const second = await TallyJournal.open(folder, "minute-b.journal");
    parts.use(second.journal);
    const left = [...first.left, ...second.left].filter(({ tally }) => !written.has(tally));
    for (const record of left) writer.add(record);
    writer.add({ kind: "start", pid: Deno.pid, keyOperations: options.keyOperations });
    writer.flush();
    await writer.sync();
    first.journal.empty();
    second.journal.empty();
    parts.move();
    return new ChainedAuditLog(options, writer, [first.journal, second.journal]);
  }

  /** The last record: who remembers it can tell later that nothing is missing at the end. */
  get head(): ChainHead {
    return this.#writer.head;
  }

  /** What keeps the disk from taking records; undefined: nothing. */
  get failure(): string | undefined {
    return this.#failure;
  }

  record(event: AuditEvent): void {
    this.#hasNews = true;
    const tally = asTally(event);
    const isCounted = tally !== undefined &&
      (event.kind !== "key-operation" || this.#options.keyOperations === "by-minute" ||
        this.#failure !== undefined);
    if (isCounted) this.#count(tally);
    else this.#add(asRecord(event));
  }

  flush(): void {
    if (!this.#hasNews) return;
    try {
      this.#tally.flush();
      this.#writer.flush();
      this.#hasNews = false;
      this.#recovered();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Writes what is due and waits for the disk. Never rejects. */
  sync(): Promise<void> {
    return this.#syncing ??= this.#sync().finally(() => this.#syncing = undefined);
  }

  /** Signs the log as far as it has come. Never rejects: a token that is away is tried again at the next interval. */
  checkpoint(): Promise<void> {
    return this.#checkpointing ??= this.#checkpoint().finally(() => this.#checkpointing = undefined);
  }

  /** Writes everything, signs it, and waits for the disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.flush();
    this.#takeMinute();
    this.#add({ kind: "stop" });
    await this.#checkpointing;
    await this.checkpoint();
    await this.#syncing;
    await this.sync();
    this.#writer[Symbol.dispose]();
    for (const journal of this.#journals) journal[Symbol.dispose]();
  }

  #count(tally: RecordContents): void {
    const now = this.#now();
    if (this.#tally.isDue(now)) this.#takeMinute();
    if (!this.#tally.count(tally, now)) this.#lost++;
  }

  /** While the disk takes nothing the minute does not end: counts need no more memory as time goes by. */
  #takeMinute(): void {
    if (this.#failure !== undefined) return;
    for (const record of this.#tally.take()) this.#add(record);
  }

  #add(record: RecordContents): void {
    this.#hasNews = true;
    if (this.#writer.waitingBytes > mostWaiting) this.#lost++;
    else this.#writer.add(record);
  }

  async #sync(): Promise<void> {
    if (this.#tally.isDue(this.#now())) this.#takeMinute();
    this.flush();
    if (this.#failure !== undefined) return;
    const { taken } = this.#tally;
    try {
      await Promise.all([this.#writer.sync(), this.#tally.sync()]);
      // Those of a minute that ended meanwhile need not be on the disk yet.
      if (this.#tally.taken === taken) this.#tally.settle();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #checkpoint(): Promise<void> {
    const { signer, log } = this.#options;
    const { n, hash } = this.#writer.head;
    if (signer === undefined || n === this.#signedUntil) return;
    try {
      this.#add(await makeCheckpoint(signer, n, hash));
      this.#signedUntil = this.#writer.head.n;
      this.flush();
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown failure";
      log.warn({ event: "audit-checkpoint-failed", reason }, "the audit log goes on unsigned for now");
    }
  }

  #failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : "unknown failure";
    if (this.#failure === undefined) {
      const words = "the disk takes no audit records: they are kept in memory, key operations as counts";
      this.#options.log.error({ event: "audit-failing", reason }, words);
    }
    this.#failure = reason;
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    this.#options.log.warn({ event: "audit-recovered", lost: this.#lost }, "audit records are written again");
    this.#failure = undefined;
    if (this.#lost > 0) this.#add({ kind: "lost", records: this.#lost });
    this.#lost = 0;
  }

  #now(): number {
    return (this.#options.now?.() ?? new Date()).getTime();
  }
}
