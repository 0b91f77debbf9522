import { createLogger, type Logger } from "../../shared/log.ts";
import { connectionsThatFit } from "../../shared/descriptor_budget.ts";
import { setCloseOnExec } from "../../shared/libc/bindings.ts";
import { encapsulate } from "../../shared/libcrypto/ml_kem.ts";
import { defaultSecureHeapBytes, openSecureHeap } from "../../shared/libcrypto/secure_heap.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { OcspStaples } from "../certificates/ocsp_staples.ts";
import { type EdgeConfig, loadEdgeConfig, siteEntries } from "../config.ts";
import { Acceptor } from "../connection/acceptor.ts";
import type { ConnectionContext } from "../connection/context.ts";
import { relayedSite } from "../connection/open_relay.ts";
import { PushedCertificates } from "../control/pushed_certificates.ts";
import { SiteDirectory } from "../control/site_directory.ts";
import { endpointLabel } from "../keyless/endpoint.ts";
import { isEnrolled } from "../enrolment/identity_folder.ts";
import { openRemoteSigner, type RemoteSigner } from "../keyless/remote_signer.ts";
import { isUsable } from "../keyless/key_server_health.ts";
import { EdgeMetrics } from "../proxy/metrics.ts";
import { EdgeTickets } from "../ticket_keys/edge_tickets.ts";
import { TlsServerEngine } from "../tls/server_engine.ts";
import type { TlsServerOptions } from "../tls/server_options.ts";
import type { KeyServerReport, MetricSnapshot, StartMessage, WorkerReport } from "./control_messages.ts";
import type { ControlInbox } from "./control_inbox.ts";
import { memoryBudget } from "./memory_budget.ts";
import { SessionKeeper } from "./session_keeper.ts";
import type { SiblingChannel } from "./sibling_channel.ts";

/** Milliseconds without a byte after which a connection with one direction at its end is closed. */
const halfClosedIdle = 60_000;

/** Milliseconds between two looks at whether the listening sockets still accept. */
const listenerLookInterval = 250;

/** Descriptors of one connection: the client's and the backend's. */
const descriptorsEach = 2;

/** One worker: the locked memory, the site table, the signer, and the connections. */
export class Worker {
  readonly log: Logger;
  /** Milliseconds that connections get when nobody says another number. */
  readonly drainDeadline: number;
  readonly #enrolledIn: string | undefined;
  readonly #pool: LockedPool;
  readonly #signer: RemoteSigner;
  readonly #metrics: EdgeMetrics;
  readonly #acceptor: Acceptor;
  readonly #sessions: SessionKeeper | undefined;
  readonly #staples: OcspStaples;
  readonly #directory: SiteDirectory;
  readonly #listenerDied = Promise.withResolvers<void>();
  #listenerLooks: ReturnType<typeof setInterval> | undefined;
  #tickets: EdgeTickets | undefined;
  #pushed: PushedCertificates | undefined;

  private constructor(config: EdgeConfig, log: Logger, pool: LockedPool, siblings: SiblingChannel) {
    this.log = log;
    this.drainDeadline = config.limits.drainDeadline;
    this.#enrolledIn = config.control && isEnrolled(config.identity, config.control.state)
      ? config.control.state
      : undefined;
    this.#pool = pool;
    this.#metrics = new EdgeMetrics(pool, () => this.#acceptor.size);
    this.#signer = openSigner(config, this.#metrics, log);
    const { registry: metrics } = this.#metrics;
    const sessions = config.sessions && new SessionKeeper(config.sessions, { pool, siblings, metrics, log });
    this.#sessions = sessions;
    this.#staples = new OcspStaples(config.staples, { log, metrics: this.#metrics.registry });
    this.#directory = new SiteDirectory(siteEntries(config), relayedSite);
    const context: ConnectionContext = {
      createEngine: () => new TlsServerEngine({ pool, ...config.engine, ...this.#resumption }),
      findSite: (serverName, alpnProtocols) => this.#directory.find(serverName, alpnProtocols),
      signer: this.#signer,
      rsaKeyExchange: (request, { deadline }) => this.#signer.exchangeRsaKey(request, { deadline, pool }),
      encapsulate: (encapsulationKey) => encapsulate(pool, encapsulationKey),
      ...(sessions && { findSession: (request) => sessions.shared.findElsewhere(request) }),
      metrics: this.#metrics,
      log,
      limits: { ...config.limits, halfClosedIdle },
    };
    const maximumConnections = connectionsThatFit(config.limits.connections, descriptorsEach, log);
    this.#acceptor = new Acceptor({ context, metrics: this.#metrics, log, maximumConnections });
  }

  /**
   * Locks memory, loads everything, and accepts connections. Throws the HoldfastError of what is missing, the typed ones
   * of the pool and the secure heap when memory cannot be locked.
   */
  static async start(
    { configFile, configText, slot, listeners }: StartMessage,
    siblings: SiblingChannel,
    control: ControlInbox,
  ): Promise<Worker> {
    const config = await loadEdgeConfig(configFile, configText);
    const log = createLogger("edge-worker", config.log.level);
    const pool = LockedPool.open({ totalBytes: config.memory.poolBytes, backing: config.memory.backing });
    openSecureHeap();
    const budget = memoryBudget(pool, {
      connections: config.limits.connections,
      sessions: config.sessions?.capacity ?? 0,
      secureHeapBytes: defaultSecureHeapBytes,
    });
    const words =
      "locked memory: blocks of the pool against those that open connections and kept sessions need";
    log[budget.isEnough ? "info" : "warn"]({ event: "memory-budget", slot, ...budget }, words);
    const worker = new Worker(config, log, pool, siblings);
    await worker.#openTickets(config.tickets, siblings);
    await worker.#openControl(config, control);
    for (const { fd } of listeners) {
      setCloseOnExec(fd, true);
      await worker.#acceptor.listen({ fd });
    }
    worker.#listenerLooks = setInterval(() => worker.#lookAtListeners(), listenerLookInterval);
    const addresses = listeners.map(({ address }) => address);
    log.info({ event: "worker-serves", slot, addresses, keyServers: config.keyServers.map(endpointLabel) });
    return worker;
  }

  /** Whether it may have to write the edge's own identity. */
  get renewsIdentity(): boolean {
    return this.#enrolledIn !== undefined;
  }

  /** Resolves when a listening socket accepts nothing more: the worker has to end, and another to take over its queue. */
  get listenerDied(): Promise<void> {
    return this.#listenerDied.promise;
  }

  #lookAtListeners(): void {
    if (!this.#acceptor.lookForDeadListener()) return;
    clearInterval(this.#listenerLooks);
    const words = "connections wait and none is accepted any more: this worker was out of descriptors";
    this.log.error({ event: "listener-dead", connections: this.#acceptor.size }, words);
    this.#listenerDied.resolve();
  }

  /** Before the first connection: a client may come back at once (S1). */
  async #openTickets(settings: EdgeConfig["tickets"], siblings: SiblingChannel): Promise<void> {
    // Who shares ticket keys joins with a key for them; who does not, only to share sessions.
    const sharesKeys = settings !== undefined && settings.keys.source !== "files";
    if (!sharesKeys && this.#sessions) siblings.join(this.#sessions.shared.publicKey);
    if (settings === undefined) return;
    const { log } = this;
    const metrics = this.#metrics.registry;
    this.#tickets = await EdgeTickets.open(settings, {
      pool: this.#pool,
      siblings,
      domains: () => this.#directory.ticketDomains,
      metrics,
      log,
    });
  }

  /** Before the first connection: what was pushed before is served from the start. */
  async #openControl(config: EdgeConfig, control: ControlInbox): Promise<void> {
    if (config.control === undefined) return;
    const { keyServers, identity } = config;
    const tickets = this.#tickets;
    const sessions = config.sessions?.asksPeers === true ? this.#sessions?.shared : undefined;
    this.#pushed = new PushedCertificates({
      keyServers,
      identity,
      enrolledIn: this.#enrolledIn,
      directory: this.#directory,
      ...(tickets?.isShared === true && {
        shareTickets: (instance, say) =>
          tickets.share({ instance, identity, say, ...(sessions && { sessions }) }),
      }),
      say: control.say,
      // Whoever was thrown out asks nobody to sign either.
      revoked: (reason) => void this.#signer.close(`this edge is revoked: ${reason}`),
      metrics: this.#metrics.registry,
      log: this.log,
    });
    control.receiver = this.#pushed;
    await this.#pushed.ready;
  }

  get #resumption(): Pick<TlsServerOptions, "tickets" | "sessions"> {
    return {
      ...(this.#tickets === undefined ? {} : { tickets: this.#tickets.policy }),
      ...(this.#sessions === undefined ? {} : { sessions: this.#sessions.policy }),
    };
  }

  async report(id: number): Promise<WorkerReport> {
    return {
      type: "report",
      id,
      connections: this.#acceptor.size,
      keyServers: this.#signer.health().map((health): KeyServerReport => ({
        name: health.name,
        usable: isUsable(health),
        connected: health.connected,
        breaker: health.breaker,
        ...(health.lastError === undefined ? {} : { lastError: health.lastError }),
      })),
      metrics: await this.#metrics.registry.snapshot() as MetricSnapshot[],
      ...(this.#pushed === undefined ? {} : { control: this.#pushed.report() }),
    };
  }

  /** Accepts nothing more; what is open has `deadline` milliseconds. May be called again with a shorter one. */
  endWithin(deadline: number): void {
    clearInterval(this.#listenerLooks);
    this.#acceptor.stopListening();
    this.#acceptor.endWithin(deadline);
  }

  /** Resolves when the last connection has ended and everything is given back. */
  async drained(): Promise<void> {
    await this.#acceptor.drained();
    await this.#pushed?.close();
    await this.#signer.close();
    this.#tickets?.[Symbol.dispose]();
    this.#sessions?.[Symbol.dispose]();
    this.#staples[Symbol.dispose]();
    const left = this.#pool.blocksInUse;
    if (left > 0) {
      this.log.error({ event: "pool-leak", blocks: left }, "blocks of the pool were not returned");
    }
    this.#pool[Symbol.dispose]();
  }
}

function openSigner(config: EdgeConfig, metrics: EdgeMetrics, log: Logger): RemoteSigner {
  return openRemoteSigner({
    keyServers: config.keyServers,
    identity: config.identity,
    transcript: config.transcript,
    events: {
      operation: metrics.operation,
      channelOpened: (report) => log.info({ event: "channel-opened", ...report }),
      channelClosed: (report) => log.warn({ event: "channel-closed", ...report }),
    },
  });
}
