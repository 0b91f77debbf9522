import { type AdminPort, type Readiness, serveAdminPort } from "../shared/admin_port.ts";
import { formatAddress, type TcpAddress } from "../shared/config/address.ts";
import { connectionsThatFit } from "../shared/descriptor_budget.ts";
import type { Logger } from "../shared/log.ts";
import type { LockedPool } from "../shared/memory/locked_pool.ts";
import { type Administration, startAdministration } from "./administration.ts";
import { openAuditLog } from "./audit/open_audit_log.ts";
import { Authorizer } from "./authorize.ts";
import type { IdentityFiles, KeyServerConfig } from "./config.ts";
import { Connections } from "./connections.ts";
import { ControlService } from "./control/control_service.ts";
import { watchFiles } from "./file_watch.ts";
import { TokenKeys } from "./issuance/token_keys.ts";
import { KeyOperations } from "./key_operations.ts";
import { KeyRing } from "./key_ring.ts";
import { type OwnIdentity, readOwnIdentity } from "./own_identity.ts";
import { Prober } from "./prober.ts";
import { openRegistry } from "./registry/open_registry.ts";
import { Follower } from "./registry/replication/follower.ts";
import { type OpenReplication, replicationFor } from "./registry/replication/open_replication.ts";
import type { SqliteRegistry } from "./registry/sqlite_registry.ts";
import { openSecretMemory } from "./secret_memory.ts";
import { openHubState } from "./ticket_hub/open_hub_state.ts";
import type { HubState } from "./ticket_hub/hub_state.ts";
import { TicketHub } from "./ticket_hub/ticket_hub.ts";
import { ServerMetrics } from "./server_metrics.ts";
import { TlsListener } from "./tls_listener.ts";
import { UnixListener } from "./unix_listener.ts";

const stoppingReadiness = { ready: false, checks: { stopping: true } };

/** What is open before anything listens. */
interface KeyServerParts {
  readonly config: KeyServerConfig;
  readonly memory: LockedPool;
  readonly keys: KeyRing;
  readonly registry: SqliteRegistry;
  readonly audit: Awaited<ReturnType<typeof openAuditLog>>;
  readonly hubState: HubState;
  readonly log: Logger;
}

/** A running key server: everything between the configuration and the sockets. */
export class KeyServer {
  readonly #config: KeyServerConfig;
  readonly #log: Logger;
  readonly #parts: KeyServerParts;
  readonly #authorizer: Authorizer;
  readonly #operations: KeyOperations;
  readonly #connections: Connections;
  readonly #metrics: ServerMetrics;
  readonly #prober: Prober;
  readonly #control: ControlService;
  readonly #tickets: TicketHub;
  readonly #closers = new DisposableStack();
  #tls: TlsListener | undefined;
  #unix: UnixListener | undefined;
  #admin: AdminPort | undefined;
  #administration: Administration | undefined;
  #follower: Follower | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(parts: KeyServerParts) {
    const { config, memory, keys, registry, audit, hubState, log } = parts;
    this.#parts = parts;
    this.#config = config;
    this.#log = log;
    const { limits } = config;
    const authorizer = this.#authorizer = this.#closers.use(new Authorizer(registry));
    const metrics = () => this.#metrics;
    this.#operations = new KeyOperations({
      keys,
      memory,
      authorizer,
      metrics,
      log,
      audit,
      inFlightLimit: limits.inFlight,
      requestDeadline: limits.requestDeadline,
      onTokenFailure: () => this.#prober.hasten(),
    });
    this.#connections = new Connections({
      limit: connectionsThatFit(limits.connections, 1, log),
      inFlightPerConnection: limits.inFlightPerConnection,
      handler: this.#operations,
      refusal: (edge) => authorizer.refusal(edge),
      metrics,
      log,
      audit,
    });
    this.#metrics = new ServerMetrics({
      inFlight: () => this.#operations.inFlight,
      connections: () => this.#connections.count,
      poolBlocks: () => memory.blockCount,
      poolBlocksUsed: () => memory.blocksInUse,
    });
    this.#control = this.#closers.use(
      new ControlService({
        registry,
        config: config.control,
        metrics: this.#metrics.registry,
        protocolError: () => this.#metrics.protocolError(),
        log,
      }),
    );
    this.#tickets = this.#control.tickets = this.#closers.use(
      new TicketHub({
        registry,
        permissions: () => this.#control.permissions,
        grace: config.control.edgeGrace,
        state: hubState,
        metrics: this.#metrics.registry,
        log,
      }),
    );
    this.#prober = new Prober(keys, limits.probeInterval, log);
    // After the authorizer, which is told first of every change.
    this.#closers.use(registry.watch(({ changes }) => {
      if (changes.some(({ kind }) => kind === "edge")) this.#connections.cutRefused();
      if (changes.some(({ kind }) => kind === "authority")) void this.reloadIdentity();
    }));
  }

  /**
   * Locks memory, opens the tokens, tests the keys, listens. Throws what keeps it from serving (ConfigError, TokenError,
   * ListenError and the like), with everything closed again and C_Finalize called.
   */
  static async start(config: KeyServerConfig, log: Logger): Promise<KeyServer> {
    await using parts = new AsyncDisposableStack();
    const memory = parts.use(openSecretMemory(config, log));
    const keys = parts.use(await KeyRing.open(config, memory, log));
    const tokenKeys = new TokenKeys(() => keys.tokens);
    const audit = await openAuditLog(config.file, config.audit, { tokenKeys, log });
    if (Symbol.asyncDispose in audit) parts.use(audit);
    const isAudited = config.audit !== undefined || config.registry !== undefined;
    const registry = parts.use(await openRegistry(config, keys, log, isAudited ? audit : undefined));
    await keys.follow(registry);
    const hubState = parts.use(await openHubState(config.ticketHub, log));
    const server = new KeyServer({ config, memory, keys, registry, audit, hubState, log });
    parts.move();
    try {
      await server.#listen();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Where it listens for edges over TLS, with the real port. */
  get address(): TcpAddress | undefined {
    return this.#tls?.address;
  }

  /** Reads its own certificate, key and client CA again. What does not fit together is logged and not taken. */
  async reloadIdentity(): Promise<void> {
    const { listen } = this.#config;
    if (listen === undefined || this.#tls === undefined) return;
    try {
      const identity = await this.#readIdentity(listen.identity);
      this.#tls.replaceIdentity(identity);
      this.#administration?.enrolment?.replaceIdentity(identity);
      this.#log.info({ event: "identity-reloaded" }, "own certificate and client CA read again");
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown failure";
      this.#log.error({ event: "identity-reload-failed", reason }, "the former certificate stays in use");
    }
  }

  /**
   * Stops listening, answers what is in flight within the drain deadline, closes the tokens, calls C_Finalize. Later
   * calls wait for the first.
   */
  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async #listen(): Promise<void> {
    const { listen, unix, admin } = this.#config;
    const common = {
      connections: this.#connections,
      openControl: this.#control.open,
      openReplication: this.#openReplication(),
      metrics: () => this.#metrics,
      log: this.#log,
      audit: this.#parts.audit,
    };
    if (listen !== undefined) {
      const identity = await this.#readIdentity(listen.identity);
      const { handshakeDeadline } = this.#config.limits;
      this.#tls = await TlsListener.start({
        ...common,
        address: listen.address,
        identity,
        handshakeDeadline,
      });
      const files = Object.values(listen.identity).filter((file) => file !== undefined);
      this.#closers.use(watchFiles(files, () => void this.reloadIdentity()));
    }
    if (unix !== undefined) this.#unix = await UnixListener.start({ ...common, unix });
    if (admin !== undefined) {
      this.#admin = await serveAdminPort({
        ...admin,
        readiness: () => this.#readiness(),
        metrics: () => this.#metrics.exposition(),
      });
    }
    const { registry, log } = this.#parts;
    const follow = this.#config.registry?.follow;
    this.#follower = follow && new Follower({ registry, follow, log, metrics: this.#metrics.registry });
    this.#administration = await startAdministration({
      ...this.#parts,
      authorizer: this.#authorizer,
      control: this.#control,
      tickets: this.#tickets,
      prober: this.#prober,
      lastUse: (identifier) => this.#operations.lastUse(identifier),
    });
    this.#log.info({
      event: "listening",
      tls: this.address && formatAddress(this.address),
      unix: unix?.path,
      admin: this.#admin && formatAddress(this.#admin.address),
      keys: this.#parts.keys.keys.length,
      registry: this.#parts.registry.state.version,
    }, "key server ready");
  }

  /** Edges are vouched for by the authority of the file, and by those in the registry. */
  #readIdentity(files: IdentityFiles): Promise<OwnIdentity> {
    const authorities = this.#parts.registry.state.list("authority");
    const chains = authorities.filter(({ purpose }) => purpose === "edges").flatMap(({ chain }) => chain);
    return readOwnIdentity(files, chains.map((der) => Uint8Array.fromBase64(der)));
  }

  #readiness(): Readiness {
    if (this.#stopping !== undefined) return stoppingReadiness;
    const { registry, audit, hubState } = this.#parts;
    const { ready, checks } = this.#prober.readiness();
    // Signatures go on without an audit log, a primary or a broker: none of them is a reason to send edges elsewhere. But a
    // replica that has nothing yet serves nothing.
    const problems = {
      ...(audit.failure !== undefined && { audit: audit.failure }),
      ...(hubState.problem !== undefined && { ticketHub: hubState.problem }),
      ...(this.#follower?.problem !== undefined && { registry: this.#follower.problem }),
    };
    const isEmpty = !registry.writable && registry.state.version === 0;
    return { ready: ready && !isEmpty, checks: { ...checks, ...problems } };
  }

  #openReplication(): OpenReplication | undefined {
    const { registry, config, log } = this.#parts;
    return config.registry && replicationFor(registry, config.registry.followers, log);
  }

  async #stop(): Promise<void> {
    this.#log.info({ event: "stopping", inFlight: this.#operations.inFlight }, "key server stops");
    await this.#administration?.[Symbol.asyncDispose]();
    await this.#follower?.[Symbol.asyncDispose]();
    this.#closers.dispose();
    this.#tls?.close();
    this.#unix?.close();
    this.#operations.stop();
    await this.#connections.drain(this.#config.limits.drainDeadline);
    await this.#prober[Symbol.asyncDispose]();
    try {
      await this.#closeParts();
    } finally {
      await this.#admin?.[Symbol.asyncDispose]();
    }
    this.#log.info({ event: "stopped" }, "key server stopped");
  }

  /** The audit log signs its end with a key in a token, so it goes before them. */
  async #closeParts(): Promise<void> {
    const { memory, keys, registry, audit, hubState } = this.#parts;
    await using stack = new AsyncDisposableStack();
    stack.use(memory);
    stack.use(keys);
    stack.use(registry);
    if (Symbol.asyncDispose in audit) stack.use(audit);
    stack.use(hubState);
  }
}
