import type { Socket } from "node:net";
import type { AckMessage, HelloMessage } from "../../shared/control_protocol/edge_messages.ts";
import { HoldfastError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { Metrics } from "../../shared/metrics.ts";
import type { EdgeIdentity } from "../edge_identity.ts";
import type { HistoryEntry, Registry, RegistryState } from "../registry/registry.ts";
import type { ControlConfig } from "./config.ts";
import { ControlMetrics } from "./control_metrics.ts";
import { ControlSession, type ControlSessionOwner, type ControlSessionTiming } from "./control_session.ts";
import { EdgePermissions } from "./edge_permissions.ts";
import type { EdgeRollout, Rollout } from "./edge_rollout.ts";
import { type ControlView, EdgeUpdates } from "./edge_updates.ts";
import { type ChangedNames, changedNames } from "./pending_changes.ts";
import { RolloutBoard } from "./rollout_board.ts";
import type { TicketLink, TicketMessage, TicketMessages } from "./ticket_messages.ts";

/** Signs a new certificate for an edge's own identity: DER, leaf first. */
export type RenewIdentity = (edge: EdgeIdentity, request: Uint8Array) => Promise<readonly Uint8Array[]>;

/** Serves an edge's control connection whose peer is authenticated; `preface` is what has to come first. */
export type OpenControl = (socket: Socket, edge: EdgeIdentity, preface?: Uint8Array) => ControlSession;

export interface ControlServiceOptions {
  readonly registry: Registry;
  readonly config: ControlConfig;
  readonly metrics: Metrics;
  readonly protocolError: () => void;
  readonly log: Logger;
  readonly timing?: ControlSessionTiming;
}

/** A certificate that nobody here can sign. Code `renewal-refused`. */
export class RenewalError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions) {
    super("renewal-refused", `Cannot renew the edge's certificate: ${reason}`, options);
  }
}

interface OpenSession {
  readonly session: ControlSession;
  readonly updates: EdgeUpdates;
  readonly hello: HelloMessage;
  readonly link: TicketLink;
}

/** Pushes what the registry says to every edge that holds a control connection, and knows how far each has come. */
export class ControlService implements ControlSessionOwner, Rollout, Disposable {
  /** Set by whoever can sign. */
  renewIdentity: RenewIdentity | undefined;
  /** Set by whoever carries messages between edges; until then there is nobody to carry them to. */
  tickets: TicketMessages | undefined;
  readonly #options: ControlServiceOptions;
  readonly #board: RolloutBoard;
  readonly #metrics: ControlMetrics;
  readonly #sessions = new Map<ControlSession, OpenSession>();
  readonly #listeners = new Set<() => void>();
  readonly #watching: Disposable;
  #permissions: EdgePermissions;
  #lineage: string;

  constructor(options: ControlServiceOptions) {
    const { registry, config, metrics } = options;
    this.#options = options;
    this.#permissions = new EdgePermissions(registry.state);
    this.#lineage = registry.lineage;
    this.#board = new RolloutBoard({ grace: config.edgeGrace, changed: () => this.#tellListeners() });
    this.#board.expect(this.#permissions.knownEdges);
    this.#metrics = new ControlMetrics(metrics, {
      connections: () => this.#sessions.size,
      version: () => registry.state.version,
      edges: () => this.edges,
    });
    this.#watching = registry.watch((entry, state) => this.#follow(entry, state));
  }

  readonly open: OpenControl = (socket, edge, preface) => {
    const { log, timing } = this.#options;
    return new ControlSession({ socket, edge, preface, owner: this, log, ...(timing && { timing }) });
  };

  get edges(): readonly EdgeRollout[] {
    return this.#board.edges;
  }

  behind(name: string, version: number): readonly EdgeRollout[] {
    return this.edges.filter(({ edge, acknowledgedVersion, problems }) =>
      (acknowledgedVersion < version || problems.has(name)) &&
      this.#permissions.of(edge, name) !== undefined
    );
  }

  watch(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]();
    this.#board[Symbol.dispose]();
    this.#listeners.clear();
  }

  greeted(session: ControlSession, hello: HelloMessage): void {
    const edge = session.edge.name;
    const revocation = this.#permissions.revocation(edge);
    if (revocation !== undefined) return session.cut(revocation);
    const former = this.#find(edge, hello.instance);
    if (!this.#board.connected(edge, hello)) return session.refuse("too many edges have this identity");
    const updates = this.#updatesFor(session, hello);
    this.#sessions.set(session, { session, updates, hello, link: linkOf(session, hello) });
    // Its worker died, or its network did: it has come back before we noticed.
    former?.session.end();
    this.#logGreeting(edge, hello);
    updates.start();
  }

  acknowledged(session: ControlSession, ack: AckMessage): void {
    const open = this.#sessions.get(session);
    if (open === undefined || ack.lineage !== this.#options.registry.lineage) return;
    const edge = session.edge.name;
    const { version, problems } = ack;
    const news = this.#board.acknowledged(edge, open.hello.instance, ack);
    this.#metrics.acknowledged(problems.length === 0 ? "ok" : "problems");
    const { log } = this.#options;
    log.debug({ event: "control-acknowledged", edge, version }, "edge serves by a version");
    for (const { name, reason } of news) {
      log.warn(
        { event: "control-problem", edge, version, name, reason },
        "an edge cannot use what it was sent",
      );
    }
  }

  async renew({ edge }: ControlSession, request: Uint8Array): Promise<readonly Uint8Array[]> {
    if (this.renewIdentity === undefined) {
      throw new RenewalError("this key server has no authority for edges");
    }
    return await this.renewIdentity(edge, request);
  }

  ticketMessage(session: ControlSession, message: TicketMessage): void {
    const open = this.#sessions.get(session);
    if (open !== undefined) this.tickets?.received(open.link, message);
  }

  /** As of the registry's state. */
  get permissions(): EdgePermissions {
    return this.#permissions;
  }

  protocolError(): void {
    this.#options.protocolError();
  }

  closed(session: ControlSession): void {
    const open = this.#sessions.get(session);
    if (open === undefined) return;
    this.#sessions.delete(session);
    this.tickets?.closed(open.link);
    const edge = session.edge.name;
    const { instance } = open.hello;
    // Unless another connection of the same installation has taken its place.
    if (this.#find(edge, instance) === undefined) this.#board.lost(edge, instance);
  }

  #updatesFor(session: ControlSession, { held }: HelloMessage): EdgeUpdates {
    const { log } = this.#options;
    const edge = session.edge.name;
    return new EdgeUpdates({
      edge,
      view: () => this.#view(),
      send: (message) => session.send(message),
      isOpen: () => session.isOpen,
      pushed: () => this.#metrics.pushed(),
      failed: (error) => {
        log.error({ event: "control-push-failed", edge, err: error });
        session.end();
      },
      log,
    }, held);
  }

  #view(): ControlView {
    const { state, lineage } = this.#options.registry;
    return { state, lineage, permissions: this.#permissions };
  }

  #follow({ changes }: HistoryEntry, state: RegistryState): void {
    let changed: ChangedNames = changedNames(changes, state);
    if (changed === "all") this.#permissions = new EdgePermissions(state);
    const { lineage } = this.#options.registry;
    if (lineage !== this.#lineage) {
      this.#lineage = lineage;
      this.#permissions = new EdgePermissions(state);
      changed = "all";
      this.#board.restart();
    }
    if (changed === "all") this.#throwOut();
    for (const { updates } of this.#sessions.values()) updates.changed(changed);
  }

  /** Edges that are revoked now. */
  #throwOut(): void {
    for (const { edge } of this.#board.edges) {
      if (this.#permissions.revocation(edge) !== undefined) this.#board.forget(edge);
    }
    for (const { session, link } of [...this.#sessions.values()]) {
      const reason = this.#permissions.revocation(session.edge.name);
      if (reason === undefined) continue;
      this.#sessions.delete(session);
      this.tickets?.closed(link);
      session.cut(reason);
    }
  }

  #find(edge: string, instance: string): OpenSession | undefined {
    return [...this.#sessions.values()]
      .find(({ session, hello }) =>
        session.edge.name === edge && hello.instance === instance && session.isOpen
      );
  }

  #logGreeting(edge: string, { software, instance, held }: HelloMessage): void {
    const record = { event: "control-connected", edge, instance, software, version: held?.version ?? 0 };
    this.#options.log.info(record, "edge takes up its control connection");
  }

  #tellListeners(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function linkOf(session: ControlSession, { instance }: HelloMessage): TicketLink {
  return {
    edge: session.edge.name,
    instance,
    get isOpen() {
      return session.isOpen;
    },
    send: (message) => session.send(message),
  };
}
