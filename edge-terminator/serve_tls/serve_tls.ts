import type { TcpAddress } from "../../shared/config/address.ts";
import { encapsulate } from "../../shared/libcrypto/ml_kem.ts";
import { ensureSecureHeap } from "../../shared/libcrypto/secure_heap.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { Acceptor } from "../connection/acceptor.ts";
import type { ServedSite } from "../connection/application.ts";
import type { ConnectionContext, ConnectionLog } from "../connection/context.ts";
import { TlsServerEngine } from "../tls/server_engine.ts";
import { blocksHandshaking } from "../worker/memory_budget.ts";
import { ConnectionQueue } from "./connection_queue.ts";
import { engineOptions, resolveLimits } from "./engine_options.ts";
import type { ServeTlsLimits, ServeTlsOptions } from "./options.ts";
import { ServedSites } from "./served_sites.ts";
import { TicketKeeper } from "./ticket_keeper.ts";
import { TlsConnection } from "./tls_connection.ts";

/**
 * Serves TLS 1.2 and 1.3 to any program: iterate over what it returns, and get every connection whose handshake is
 * complete. Handshakes go on by themselves, also while the program is busy; those that fail are told to `log` alone.
 *
 * Secrets lie in locked memory that is given back when the server is closed. Needs `--allow-net` and `--allow-ffi`.
 * Throws {@link ServeTlsOptionsError} for unusable options, and the pool's errors when memory cannot be locked.
 */
export function serveTls(options: ServeTlsOptions): TlsServer {
  return new TlsServer(options);
}

/** A listening server. Iterating over it twice at a time makes no sense; leaving the loop stops accepting. */
export class TlsServer implements AsyncIterable<TlsConnection>, AsyncDisposable {
  /** Where it listens, once it does; rejects with the system's error when it cannot, as the first iteration does. */
  readonly address: Promise<TcpAddress>;
  /** Sites, pool and ticket keys, in the order in which they were made. */
  readonly #owned: DisposableStack;
  readonly #acceptor: Acceptor;
  readonly #queue = new ConnectionQueue<TlsConnection>();
  #closed: Promise<void> | undefined;

  /** For {@link serveTls}. */
  constructor(options: ServeTlsOptions) {
    const limits = resolveLimits(options.limits);
    ensureSecureHeap();
    using owned = new DisposableStack();
    const sites = owned.use(new ServedSites(options, (...end) => this.#open(...end)));
    const pool = owned.use(openPool(options, limits));
    const tickets = owned.use(new TicketKeeper(options.tickets, pool));
    const engine = engineOptions(options, pool, tickets.policy);
    this.#owned = owned.move();
    const { log = silent } = options;
    const context: ConnectionContext = {
      createEngine: () => new TlsServerEngine(engine),
      findSite: (serverName) => sites.find(serverName),
      signer: sites.signer,
      encapsulate: (encapsulationKey) => encapsulate(pool, encapsulationKey),
      metrics: { handshake: () => {} },
      log,
      limits,
    };
    const refused = (reason: string) => log.warn({ event: "connection-refused", reason });
    const maximumConnections = limits.connections;
    this.#acceptor = new Acceptor({ context, metrics: { refused }, log, maximumConnections });
    this.address = this.#listen(options);
    this.address.catch(() => {}); // told to whoever asks, and to whoever iterates
    options.signal?.addEventListener("abort", () => this.close(), { once: true });
    if (options.signal?.aborted) this.close();
  }

  /** Open connections, those in their handshake and those that nobody has taken yet included. */
  get connections(): number {
    return this.#acceptor.size;
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<TlsConnection> {
    try {
      await this.address;
      for (let next = await this.#queue.take(); next !== undefined; next = await this.#queue.take()) {
        yield next;
      }
    } finally {
      this.#stopAccepting();
    }
  }

  /**
   * Accepts nothing more and ends what is open: what ends by itself within `grace` milliseconds (0 by default) is left to
   * it. Resolves when the last connection is over and all memory is given back.
   */
  close(grace = 0): Promise<void> {
    return this.#closed ??= this.#close(grace);
  }

  /** {@link close}, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #listen({ hostname = "127.0.0.1", port }: ServeTlsOptions): Promise<TcpAddress> {
    const bound = await this.#acceptor.listen({ host: hostname, port });
    return { host: bound.address, port: bound.port };
  }

  #open(...[socket, parameters, client]: Parameters<ServedSite["open"]>) {
    const connection = new TlsConnection(socket, parameters, client);
    if (!this.#queue.offer(connection)) queueMicrotask(() => connection.close());
    return connection.application;
  }

  #stopAccepting(): void {
    this.#acceptor.stopListening();
    for (const connection of this.#queue.close()) connection.close();
  }

  async #close(grace: number): Promise<void> {
    await this.address.catch(() => {});
    this.#stopAccepting();
    this.#acceptor.endWithin(grace);
    await this.#acceptor.drained();
    this.#owned.dispose();
  }
}

const silent: ConnectionLog = { info: () => {}, warn: () => {}, error: () => {} };

/** Blocks beside those of connections: ticket keys, and secrets on their way. */
const spareBlocks = 64;

function openPool({ memory = {} }: ServeTlsOptions, { connections }: ServeTlsLimits): LockedPool {
  const needed = (connections * blocksHandshaking + spareBlocks) * 64;
  return LockedPool.open({ totalBytes: memory.poolBytes ?? needed, backing: memory.backing ?? "auto" });
}
