import type { z } from "zod";
import {
  type ControlNote,
  type SiblingMessage,
  type StartMessage,
  type SupervisorMessage,
  type WorkerMessage,
  workerMessageSchema,
  type WorkerReport,
} from "../worker/control_messages.ts";
import { jsonLine, readJsonLines } from "../worker/json_lines.ts";
import { WorkerStartError } from "./errors.ts";
import { withInherited } from "./listening_sockets.ts";

/** How worker processes are started. Replaced in tests. */
export interface WorkerCommand {
  readonly command: string;
  readonly args: readonly string[];
}

export interface WorkerExit {
  readonly code: number;
  readonly signal: string | null;
}

/**
 * One worker process: its start, its control channel, its end.
 *
 * `started` settles once, `exited` resolves once; nothing here decides what to do about either.
 */
export class WorkerProcess {
  readonly slot: number;
  readonly pid: number;
  /** Resolves when it accepts connections; rejects with {@link WorkerStartError}. */
  readonly started: Promise<void>;
  readonly exited: Promise<WorkerExit>;
  /** Its copies of the listening sockets are closed; also resolves when it ends. */
  readonly stoppedListening: Promise<void>;
  /** The last report that came, also after the end. */
  lastReport: WorkerReport | undefined;
  /** When it began to accept connections, on the clock of `performance.now`. */
  readyAt: number | undefined;
  hasExited = false;
  /** Takes what it has to say to its siblings; nobody does unless set. */
  onSiblingMessage: ((message: SiblingMessage) => void) | undefined;
  /** Takes what it has to say of the control channel; nobody does unless set. */
  onControlNote: ((note: ControlNote) => void) | undefined;

  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #start = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #reports = new Map<number, (report: WorkerReport | undefined) => void>();
  #nextReport = 1;

  private constructor(child: Deno.ChildProcess, message: StartMessage) {
    this.slot = message.slot;
    this.pid = child.pid;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.started = this.#start.promise;
    this.started.catch(() => {}); // whoever cares awaits it
    this.stoppedListening = this.#stopped.promise;
    this.send(message);
    const read = this.#readMessages();
    this.exited = child.status.then(async ({ code, signal }) => {
      await read; // what it said last counts
      this.#ended(`it ended with ${signal ?? `exit code ${code}`}`);
      return { code, signal };
    });
  }

  /** Starts a process that has no descriptor but its pipes, the log, and the listeners in `message`. */
  static spawn({ command, args }: WorkerCommand, message: StartMessage): WorkerProcess {
    const child = withInherited(
      message.listeners.map(({ fd }) => fd),
      () =>
        new Deno.Command(command, { args: [...args], stdin: "piped", stdout: "piped", stderr: "inherit" })
          .spawn(),
    );
    return new WorkerProcess(child, message);
  }

  /** A fresh report; undefined when none comes within `deadline` milliseconds. */
  async report(deadline: number): Promise<WorkerReport | undefined> {
    if (this.hasExited) return undefined;
    const id = this.#nextReport++;
    const { promise, resolve } = Promise.withResolvers<WorkerReport | undefined>();
    const timer = setTimeout(resolve, deadline, undefined);
    this.#reports.set(id, resolve);
    this.send({ type: "report", id });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#reports.delete(id);
    }
  }

  /** Has it stop accepting, and end when its connections have, at the latest after `deadline` milliseconds. */
  drain(deadline: number): void {
    this.send({ type: "drain", deadline });
  }

  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  /** Says something; a worker that is gone does not hear it. */
  send(message: SupervisorMessage): void {
    this.sendLine(jsonLine(message));
  }

  /** {@link send} for a message that many workers get: encoded once. */
  sendLine(line: Uint8Array<ArrayBuffer>): void {
    // A pipe whose reader is gone: the exit tells.
    this.#input.write(line).catch(() => {});
  }

  async #readMessages(): Promise<void> {
    try {
      for await (const value of readJsonLines(this.#child.stdout)) {
        this.#receive(workerMessageSchema.parse(value));
      }
    } catch (error) {
      // A worker that does not keep to the protocol is not trusted with a connection either.
      this.#start.reject(new WorkerStartError(this.slot, describe(error)));
      this.kill();
    }
  }

  #receive(message: WorkerMessage): void {
    switch (message.type) {
      case "ready":
        this.readyAt = performance.now();
        this.#start.resolve();
        break;
      case "failed":
        this.#start.reject(new WorkerStartError(this.slot, message.message, message.code));
        break;
      case "stopped-listening":
        this.#stopped.resolve();
        break;
      case "report":
        this.lastReport = message;
        this.#reports.get(message.id)?.(message);
        break;
      case "join":
      case "sibling":
        this.onSiblingMessage?.(message);
        break;
      case "control-applied":
      case "control-update":
      case "control-lost":
      case "control-revoked":
        this.onControlNote?.(message);
        break;
      default:
        message satisfies never;
    }
  }

  #ended(reason: string): void {
    this.hasExited = true;
    this.#input.close().catch(() => {});
    this.#start.reject(new WorkerStartError(this.slot, reason));
    this.#stopped.resolve();
    for (const resolve of this.#reports.values()) resolve(undefined);
  }
}

function describe(error: unknown): string {
  const issues = (error as Partial<z.ZodError>).issues;
  if (issues === undefined) return error instanceof Error ? error.message : "its control channel broke";
  return `its control message is malformed at ${issues[0]?.path.join(".") ?? "?"}`;
}
