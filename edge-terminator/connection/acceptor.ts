import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { BoundedPeers } from "../../shared/bounded_peers.ts";
import { waitingConnections } from "../../shared/libc/sockets.ts";
import { PoolExhaustedError } from "../../shared/memory/errors.ts";
import type { EdgeMetrics } from "../proxy/metrics.ts";
import { AcceptWatch } from "./accept_watch.ts";
import { ClientConnection } from "./client_connection.ts";
import type { ConnectionContext, ConnectionLog } from "./context.ts";

export interface AcceptorOptions {
  readonly context: ConnectionContext;
  readonly metrics: Pick<EdgeMetrics, "refused">;
  readonly log: ConnectionLog;
  /**
   * Connections at a time. For one more the oldest that is still in its handshake gives way; where all are established
   * the newcomer is closed, so that it does not wait in the queue for nothing.
   */
  readonly maximumConnections: number;
}

export type ListenAddress = { readonly fd: number } | { readonly host: string; readonly port: number };

/** Accepts clients from listening sockets, and knows every connection that is open. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #servers: Server[] = [];
  #watches: AcceptWatch[] = [];
  readonly #connections: BoundedPeers<ClientConnection>;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #onEmpty: (() => void) | undefined;

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#connections = new BoundedPeers(options.maximumConnections);
  }

  /** Open connections. */
  get size(): number {
    return this.#connections.size;
  }

  /**
   * Starts accepting, from a listening socket of this process by its descriptor or from one that is opened here (port 0:
   * any free one), and returns where. Rejects with the system's error.
   */
  async listen(where: ListenAddress): Promise<AddressInfo> {
    const watch = "fd" in where ? new AcceptWatch(() => waitingConnections(where.fd)) : undefined;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      watch?.accepted();
      this.#accept(socket);
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(where, resolve);
    await promise;
    server.on("error", (err) => this.#options.log.error({ event: "accept-failed", err }));
    this.#servers.push(server);
    if (watch !== undefined) this.#watches.push(watch);
    return server.address() as AddressInfo;
  }

  /**
   * Whether a listening socket that was passed by its descriptor has stopped accepting by itself (see
   * {@link AcceptWatch}); to be asked at intervals of less than a second. Nothing but a new process helps.
   */
  lookForDeadListener(): boolean {
    return this.#watches.map((watch) => watch.look()).includes(true);
  }

  /** Closes this process's copies of the listening sockets. What waits in their queues is left to others. */
  stopListening(): void {
    this.#watches = [];
    for (const server of this.#servers.splice(0)) server.close();
  }

  /** Resolves when the last connection has ended. Once nothing is accepted any more. */
  async drained(): Promise<void> {
    if (this.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onEmpty = resolve;
      await promise;
    }
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }

  /** Ends what is still open after `deadline` milliseconds: first in good order, then without a word. */
  endWithin(deadline: number): void {
    const after = (delay: number, end: (connection: ClientConnection) => void) =>
      this.#timers.push(setTimeout(() => [...this.#connections].forEach(end), delay));
    after(deadline, (connection) => connection.close());
    after(deadline + lastWords, (connection) => connection.destroy());
  }

  #accept(socket: Socket): void {
    const { context, metrics, log } = this.#options;
    socket.on("error", () => {}); // until a connection listens, and when none does
    if (!this.#connections.makeRoom((stranger) => stranger.giveWay())) {
      metrics.refused("connection-limit");
      socket.destroy();
      return;
    }
    try {
      const connection: ClientConnection = new ClientConnection(
        socket,
        context,
        {
          established: () => this.#connections.establish(connection),
          over: () => this.#ended(connection),
        },
      );
      this.#connections.add(connection);
    } catch (error) {
      if (error instanceof PoolExhaustedError) metrics.refused("pool-exhausted");
      else log.error({ event: "connection-broken", err: error });
      socket.destroy();
    }
  }

  #ended(connection: ClientConnection): void {
    this.#connections.delete(connection);
    if (this.size === 0) this.#onEmpty?.();
  }
}

/** Milliseconds that connections get to deliver their close_notify when a worker has to stop. */
const lastWords = 1000;
