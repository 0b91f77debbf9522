import type { Socket } from "node:net";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";
import { encodeFrame } from "../../../shared/control_protocol/frame.ts";
import { MessageReader } from "../../../shared/control_protocol/message_reader.ts";
import type { Logger } from "../../../shared/log.ts";
import type { EdgeSession } from "../../connections.ts";
import type { EdgeIdentity } from "../../edge_identity.ts";
import type { SealedEntry } from "../sqlite/sealed_entry.ts";
import type { SqliteRegistry } from "../sqlite_registry.ts";
import {
  type FollowMessage,
  followSchema,
  partLength,
  pingInterval,
  type SourceMessage,
} from "./messages.ts";

/** Transactions that are read from the file at once. */
const batch = 100;
/** Milliseconds that a follower has to ask, and to read our last word. */
const followDeadline = 10_000;
const closingGrace = 500;

/** One follower's connection: it says where it is, and is sent what it lacks, for as long as it stays. */
export class SourceSession implements EdgeSession {
  readonly edge: EdgeIdentity;
  readonly #socket: Socket;
  readonly #registry: SqliteRegistry;
  readonly #log: Logger;
  readonly #reader = new MessageReader(followSchema);
  readonly #deadline: ReturnType<typeof setTimeout>;
  readonly #parts = new DisposableStack();
  #sent: number | undefined;
  #sending = false;
  #ended = false;

  constructor(socket: Socket, edge: EdgeIdentity, registry: SqliteRegistry, log: Logger) {
    this.edge = edge;
    this.#socket = socket;
    this.#registry = registry;
    this.#log = log;
    this.#deadline = setTimeout(() => this.refuse("it did not say where it is"), followDeadline);
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("end", () => this.end());
    socket.on("close", () => this.#forget());
  }

  /** Tells the follower why it gets nothing. */
  refuse(reason: string): void {
    if (this.#ended) return;
    this.#log.warn({ event: "follower-refused", follower: this.edge.name, reason }, "a follower is refused");
    this.#say({ type: "refused", reason: reason.slice(0, 1000) });
    this.end();
  }

  cut(reason: string): void {
    this.#say({ type: "revoked", reason: reason.slice(0, 1000) });
    this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), closingGrace);
    this.#parts.defer(() => clearTimeout(timer));
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    try {
      for (const message of this.#reader.push(chunk)) {
        if (this.#sent !== undefined) return this.refuse("it asked twice");
        this.#follow(message);
      }
    } catch (error) {
      this.refuse(error instanceof Error ? error.message : "it sent what cannot be read");
    }
  }

  #follow({ version, digest }: FollowMessage): void {
    clearTimeout(this.#deadline);
    const obstacle = this.#obstacle(version, digest);
    if (obstacle !== undefined) return this.refuse(obstacle);
    const { lineage, genesis } = this.#registry;
    this.#say({ type: "accepted", lineage, genesis });
    this.#sent = version;
    this.#log.info({ event: "follower-connected", follower: this.edge.name, version }, "a replica follows");
    this.#parts.use(this.#registry.watch(() => void this.#pump()));
    const pings = setInterval(
      () => this.#say({ type: "ping", version: this.#registry.state.version }),
      pingInterval,
    );
    this.#parts.defer(() => clearInterval(pings));
    void this.#pump();
  }

  /** Why the follower's history is no beginning of ours. */
  #obstacle(version: number, digest: string | undefined): string | undefined {
    const own = this.#registry.state.version;
    if (version > own) {
      return `it has version ${version} and the primary ${own}: one of the two was restored from an older backup, ` +
        "or is of another registry; remove the replica's file to let it begin anew";
    }
    if (version === 0) return undefined;
    const [entry] = this.#registry.sealedHistory(version - 1, 1);
    if (entry?.digest === digest) return undefined;
    return `up to version ${version} its history is another one than the primary's; remove the replica's file ` +
      "to let it begin anew";
  }

  /** Sends until there is nothing left, and no faster than the follower reads. */
  async #pump(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (!this.#ended && this.#sent! < this.#registry.state.version) {
        for (const entry of this.#registry.sealedHistory(this.#sent!, batch)) {
          await this.#sendEntry(entry);
          this.#sent = entry.version;
        }
      }
    } finally {
      this.#sending = false;
    }
  }

  async #sendEntry(entry: SealedEntry): Promise<void> {
    const text = JSON.stringify(entry);
    for (let at = 0; at < text.length && !this.#ended; at += partLength) {
      const part = text.slice(at, at + partLength);
      if (this.#say({ type: "entry", part, last: at + partLength >= text.length })) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#socket.once("drain", resolve).once("close", resolve);
      await promise;
      this.#socket.off("drain", resolve).off("close", resolve);
    }
  }

  /** False when the follower has not read what came before. */
  #say(message: SourceMessage): boolean {
    if (this.#ended || this.#socket.destroyed) return true;
    return this.#socket.write(encodeFrame(message));
  }

  #forget(): void {
    this.#ended = true;
    clearTimeout(this.#deadline);
    this.#parts.dispose();
  }
}
