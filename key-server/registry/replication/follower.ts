import { connect, type TLSSocket } from "node:tls";
import { clearTimeout, setTimeout } from "node:timers";
import { formatAddress } from "../../../shared/config/address.ts";
import { encodeFrame } from "../../../shared/control_protocol/frame.ts";
import { MessageReader } from "../../../shared/control_protocol/message_reader.ts";
import type { Logger } from "../../../shared/log.ts";
import type { Metrics } from "../../../shared/metrics.ts";
import type { FollowConfig } from "../config.ts";
import type { SqliteRegistry } from "../sqlite_registry.ts";
import {
  type FollowMessage,
  maximumEntryLength,
  pingInterval,
  replicationAlpn,
  sealedEntrySchema,
  type SourceMessage,
  sourceMessageSchema,
} from "./messages.ts";

/** Milliseconds: after a loss, and after a refusal, which a person has to mend. */
const retryAfter = { lost: 500, refused: 2000 };

export interface FollowerOptions {
  readonly registry: SqliteRegistry;
  readonly follow: FollowConfig;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Keeps a replica's registry as its primary's: connects, says where it is, applies what comes, for ever. While the primary
 * is away the replica has what it had.
 */
export class Follower implements AsyncDisposable {
  readonly #options: FollowerOptions;
  #problem: string | undefined = "it has not reached its primary yet";
  #socket: TLSSocket | undefined;
  #retry: { readonly timer: ReturnType<typeof setTimeout>; readonly wake: () => void } | undefined;
  #stopped = false;
  #running: Promise<void>;

  constructor(options: FollowerOptions) {
    this.#options = options;
    options.metrics.gauge(
      "holdfast_key_server_follows_primary",
      "1 while this replica is connected to its primary, 0 while it is not.",
      [],
      (gauge) => gauge.set(this.#problem === undefined ? 1 : 0),
    );
    this.#running = this.#run();
  }

  /** Why nothing comes from the primary now; undefined: it is connected. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#socket?.destroy();
    clearTimeout(this.#retry?.timer);
    this.#retry?.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const connection = new Connection(this.#options, () => this.#problem = undefined);
      const { reason, isFinal } = await connection.run((socket) => this.#socket = socket).catch(
        (error: unknown) => ({
          reason: error instanceof Error ? error.message : "unknown failure",
          isFinal: false,
        }),
      );
      if (this.#stopped) return;
      this.#tell(reason);
      await this.#wait(isFinal ? retryAfter.refused : retryAfter.lost);
    }
  }

  #tell(reason: string): void {
    if (reason === this.#problem) return;
    this.#problem = reason;
    const { follow, log, registry } = this.#options;
    const primary = formatAddress(follow.address);
    const { version } = registry.state;
    log.error(
      { event: "primary-lost", primary, reason, version },
      "the registry stays as it is until it is back",
    );
  }

  #wait(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#retry = { timer: setTimeout(resolve, milliseconds), wake: resolve };
    return promise;
  }
}

interface ConnectionEnd {
  readonly reason: string;
  /** Whether the primary has refused, and would again. */
  readonly isFinal: boolean;
}

/** One connection to the primary, from its handshake to its end. */
class Connection {
  readonly #options: FollowerOptions;
  readonly #onAccepted: () => void;
  readonly #reader = new MessageReader(sourceMessageSchema);
  #text = "";
  #end: ConnectionEnd | undefined;

  constructor(options: FollowerOptions, onAccepted: () => void) {
    this.#options = options;
    this.#onAccepted = onAccepted;
  }

  async run(opened: (socket: TLSSocket) => void): Promise<ConnectionEnd> {
    const { follow: { address, name, identity } } = this.#options;
    const files = [identity.certificate, identity.privateKey, identity.ca].map((path) =>
      Deno.readTextFile(path)
    );
    const [cert, key, ca] = await Promise.all(files);
    const socket = connect({
      host: address.host,
      port: address.port,
      servername: name,
      ca: ca!,
      cert: cert!,
      key: key!,
      ALPNProtocols: [replicationAlpn],
      minVersion: "TLSv1.3",
    });
    opened(socket);
    const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
    const end = (reason: string) => {
      resolve(this.#end ?? { reason, isFinal: false });
      socket.destroy();
    };
    socket.setTimeout(3 * pingInterval, () => end("the primary says nothing any more"));
    socket.on("error", (error: Error) => end(`the primary cannot be reached: ${error.message}`));
    socket.on("close", () => end("the primary has closed the connection"));
    socket.on("secureConnect", () => {
      if (socket.alpnProtocol !== replicationAlpn) {
        return end("the primary does not speak holdfast-registry/1");
      }
      socket.write(encodeFrame(this.#follow()));
    });
    socket.on("data", (chunk: Uint8Array) => {
      try {
        for (const message of this.#reader.push(chunk)) this.#take(message);
      } catch (error) {
        end(error instanceof Error ? error.message : "the primary sent what cannot be read");
      }
    });
    return await promise;
  }

  #follow(): FollowMessage {
    const { registry } = this.#options;
    const { version } = registry.state;
    return { type: "follow", version, ...(version > 0 && { digest: registry.digest }) };
  }

  #take(message: SourceMessage): void {
    const { registry, log } = this.#options;
    switch (message.type) {
      case "accepted":
        registry.adopt(message);
        this.#onAccepted();
        log.info({ event: "following", version: registry.state.version }, "the registry follows its primary");
        return;
      case "entry":
        return this.#takePart(message.part, message.last);
      case "ping":
        return;
      case "refused":
      case "revoked":
        this.#end = { reason: `the primary refuses: ${message.reason}`, isFinal: true };
        return;
      default:
        message satisfies never;
    }
  }

  #takePart(part: string, last: boolean): void {
    this.#text += part;
    if (this.#text.length > maximumEntryLength) {
      throw new Error("the primary sends a transaction without end");
    }
    if (!last) return;
    const text = this.#text;
    this.#text = "";
    this.#options.registry.replicate(sealedEntrySchema.parse(JSON.parse(text)));
  }
}
