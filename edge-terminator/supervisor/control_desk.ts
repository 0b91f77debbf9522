import { ControlProtocolError } from "../../shared/control_protocol/errors.ts";
import { type UpdateHeader, updateParts } from "../../shared/control_protocol/update_parts.ts";
import type { Logger } from "../../shared/log.ts";
import type { Acknowledgement } from "../control/control_speaker.ts";
import { ControlStateError } from "../control/document_file.ts";
import {
  type ControlDocument,
  documentParts,
  judge,
  type WholeUpdate,
  withUpdate,
} from "../control/document.ts";
import { StateFolder } from "../control/state_folder.ts";
import { UpdateAssembly } from "../control/update_assembly.ts";
import type { ControlDelivery, ControlNote } from "../worker/control_messages.ts";
import { jsonLine } from "../worker/json_lines.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** What the desk needs of a worker. */
type DeskWorker = Pick<
  WorkerProcess,
  "pid" | "started" | "stoppedListening" | "exited" | "sendLine" | "onControlNote"
>;

type Applied = Extract<ControlNote, { type: "control-applied" }>;

/** How the control channel is, as the supervisor sees it. */
export interface ControlStatus {
  readonly version: number;
  /** What key servers were told that all workers serve by. */
  readonly acknowledgedVersion: number;
  /** Whether the version is on the disk, for a start without key servers. */
  readonly kept: boolean;
  readonly revoked: string | undefined;
}

/**
 * The supervisor's part in the control channel: names the worker that speaks to key servers, judges what it brings, keeps the
 * last document on the disk, hands it to all workers, and tells when all of them serve by it.
 */
export class ControlDesk {
  readonly state: string;
  readonly #folder: StateFolder;
  readonly #log: Logger;
  /** Workers that have not ended, with what they serve by. */
  readonly #workers = new Map<DeskWorker, Applied | undefined>();
  /** Those that may speak: they accept connections. The latest to come is last. */
  readonly #candidates = new Set<DeskWorker>();
  readonly #assemblies = new Map<number, UpdateAssembly>();
  #document: ControlDocument;
  #kept: ControlDocument | undefined;
  #keeping: Promise<void> | undefined;
  #keepFailed = false;
  #speaker: DeskWorker | undefined;
  #acknowledged: Acknowledgement | undefined;
  #revocation: string | undefined;
  #olderLineage = "";

  private constructor(folder: StateFolder, document: ControlDocument, log: Logger) {
    this.state = folder.path;
    this.#folder = folder;
    this.#document = document;
    this.#kept = document;
    this.#log = log;
  }

  /** Reads what is kept in the folder. Throws ControlStateError for one that cannot be used. */
  static async open(state: string, log: Logger): Promise<ControlDesk> {
    const folder = await StateFolder.open(state);
    const document = await folder.read(log);
    const { version, names } = document;
    log.info({ event: "control-state", version, names: names.size }, "certificates that were pushed before");
    return new ControlDesk(folder, document, log);
  }

  get status(): ControlStatus {
    return {
      version: this.#document.version,
      acknowledgedVersion: this.#acknowledged?.version ?? 0,
      kept: this.#kept === this.#document && !this.#keepFailed,
      revoked: this.#revocation,
    };
  }

  /** Serves a worker from its start to its end. */
  add(worker: DeskWorker): void {
    this.#workers.set(worker, undefined);
    worker.onControlNote = (note) => this.#receive(worker, note);
    for (const update of documentParts(this.#document)) tell([worker], { type: "control-update", update });
    if (this.#revocation !== undefined) tell([worker], { type: "control-revoked", reason: this.#revocation });
    worker.started.then(() => {
      this.#candidates.add(worker);
      this.#elect();
    }, () => {});
    worker.stoppedListening.then(() => {
      this.#candidates.delete(worker);
      this.#elect();
    });
    worker.exited.then(() => {
      this.#workers.delete(worker);
      this.#candidates.delete(worker);
      this.#elect();
      this.#acknowledge();
    });
  }

  /** New workers ask again: somebody may have taken the revocation back. */
  forgetRevocation(): void {
    this.#revocation = undefined;
  }

  /** Resolves when what has come is on the disk. */
  async close(): Promise<void> {
    while (this.#keeping !== undefined) await this.#keeping;
  }

  #elect(): void {
    if (this.#speaker !== undefined && this.#candidates.has(this.#speaker)) return;
    const former = this.#speaker;
    this.#speaker = [...this.#candidates].at(-1);
    this.#assemblies.clear();
    if (former !== undefined) tell([former], { type: "control-speak", instance: undefined });
    if (this.#speaker === undefined) return;
    const { instance } = this.#folder;
    this.#log.debug({ event: "control-speaker", worker: this.#speaker.pid });
    if (this.#acknowledged !== undefined) this.#tellAcknowledged(this.#acknowledged);
    tell([this.#speaker], { type: "control-speak", instance });
  }

  #receive(worker: DeskWorker, note: ControlNote): void {
    switch (note.type) {
      case "control-applied":
        this.#workers.set(worker, note);
        return this.#acknowledge();
      case "control-update":
        if (worker === this.#speaker) this.#takePart(worker, note);
        return;
      case "control-lost":
        if (worker === this.#speaker) this.#assemblies.delete(note.source);
        return;
      case "control-revoked":
        return this.#throwOut(note.reason);
      default:
        note satisfies never;
    }
  }

  #takePart(
    worker: DeskWorker,
    { source, update }: Extract<ControlNote, { type: "control-update" }>,
  ): void {
    const assembly = this.#assemblies.get(source) ?? new UpdateAssembly();
    this.#assemblies.set(source, assembly);
    try {
      const whole = assembly.add(update);
      if (whole !== undefined) this.#take(worker, source, whole);
    } catch (error) {
      if (!(error instanceof ControlProtocolError)) throw error;
      this.#log.error({ event: "control-update-refused", reason: error.message });
      this.#restart(worker, source, error.message);
    }
  }

  #take(worker: DeskWorker, source: number, update: WholeUpdate): void {
    switch (judge(this.#document, update)) {
      case "newer":
        return this.#distribute(update);
      case "known":
        return;
      case "older-lineage":
        return this.#tellOlderLineage(update);
      case "gap":
        return this.#restart(worker, source, "its update is for a later version than this edge holds");
    }
  }

  #distribute(update: WholeUpdate): void {
    this.#document = withUpdate(this.#document, update);
    const { put, remove, ...header } = update;
    for (const part of updateParts(header, remove, put)) {
      tell(this.#workers.keys(), { type: "control-update", update: part });
    }
    const { version } = header;
    const record = { event: "control-update", version, put: put.length, removed: remove.length };
    this.#log.info(record, "certificates pushed by a key server");
    this.#keep();
  }

  /** One write at a time; of documents that come meanwhile, the newest is next. */
  #keep(): void {
    this.#keeping ??= this.#keepNewest().finally(() => {
      this.#keeping = undefined;
      if (this.#kept !== this.#document) this.#keep();
      else this.#acknowledge();
    });
  }

  async #keepNewest(): Promise<void> {
    const document = this.#document;
    try {
      await this.#folder.write(document);
      this.#keepFailed = false;
    } catch (error) {
      if (!(error instanceof ControlStateError)) throw error;
      this.#keepFailed = true;
      const words = "served all the same; a start without key servers would serve what is on the disk";
      this.#log.error({ event: "control-state-unwritten", reason: error.message }, words);
    }
    this.#kept = document;
  }

  #acknowledge(): void {
    const { lineage, version } = this.#document;
    const applied = [...this.#workers.values()];
    const all = applied.length > 0 &&
      applied.every((one) => one?.lineage === lineage && one.version === version);
    if (!all || this.#kept !== this.#document || version === 0) return;
    const problems = new Map(
      applied.flatMap((one) => one?.problems.map(({ name, reason }) => [name, reason]) ?? []),
    );
    const acknowledgement = {
      lineage,
      version,
      problems: [...problems].slice(0, 1000).map(([name, reason]) => ({ name, reason })),
    };
    if (JSON.stringify(acknowledgement) === JSON.stringify(this.#acknowledged)) return;
    this.#acknowledged = acknowledgement;
    for (const problem of acknowledgement.problems) {
      this.#log.error({ event: "control-problem", version, ...problem }, "pushed, and cannot be used");
    }
    this.#tellAcknowledged(acknowledgement);
  }

  #tellAcknowledged(acknowledgement: Acknowledgement): void {
    if (this.#speaker !== undefined) tell([this.#speaker], { type: "control-ack", acknowledgement });
  }

  #restart(worker: DeskWorker, source: number, reason: string): void {
    this.#assemblies.delete(source);
    tell([worker], { type: "control-restart", source, reason });
  }

  #tellOlderLineage({ lineage }: UpdateHeader): void {
    if (this.#olderLineage === lineage) return;
    this.#olderLineage = lineage;
    const words = "a key server's registry is older than what this edge holds; nothing is taken from it";
    this.#log.warn({ event: "control-older-registry", lineage, held: this.#document.lineage }, words);
  }

  #throwOut(reason: string): void {
    if (this.#revocation !== undefined) return;
    this.#revocation = reason;
    const words =
      "this edge was revoked: it asks key servers for nothing any more. Once it is admitted again, or has " +
      "enrolled anew, reload it (SIGHUP) or start it again";
    this.#log.fatal({ event: "edge-revoked", reason }, words);
    tell(this.#workers.keys(), { type: "control-revoked", reason });
  }
}

/** Encodes once what several workers get. */
function tell(workers: Iterable<DeskWorker>, delivery: ControlDelivery): void {
  const line = jsonLine(delivery);
  for (const worker of workers) worker.sendLine(line);
}
