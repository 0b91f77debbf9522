import { clearTimeout, setTimeout } from "node:timers";
import type { Socket } from "node:net";
import { BoundedPeers } from "../shared/bounded_peers.ts";
import type { Logger } from "../shared/log.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import { type EdgeIdentity, isCurrent } from "./edge_identity.ts";
import { KeylessSession, type RequestHandler } from "./session.ts";
import type { ServerMetrics } from "./server_metrics.ts";

export interface ConnectionsOptions {
  readonly limit: number;
  readonly inFlightPerConnection: number;
  readonly handler: RequestHandler;
  /** Why an edge may not be connected at all; undefined: it may. */
  readonly refusal: (edge: EdgeIdentity) => string | undefined;
  readonly metrics: () => ServerMetrics;
  readonly audit: AuditLog;
  readonly log: Logger;
}

/** What speaks with an edge over one connection, in whichever protocol. */
export interface EdgeSession {
  readonly edge: EdgeIdentity;
  /** Finishes what it owes the edge, then closes. */
  end(): void;
  /** Closes at once, for `reason`: the edge is thrown out. */
  cut(reason: string): void;
}

export interface ServeOptions {
  /** What has to come before the first frame. */
  readonly preface?: Uint8Array;
  readonly admitted?: Socket;
  /** Opens a session of another protocol than the keyless one. */
  readonly open?: (socket: Socket, edge: EdgeIdentity) => EdgeSession;
}

/** setTimeout's longest; a channel that lives longer is looked at again then. */
const longestTimeout = 2 ** 31 - 1;

/**
 * Every open connection of all listeners: their number is bounded, and they end together.
 *
 * Whoever is still in its handshake is a stranger. Strangers give way: to the newest when there are too many, so that
 * they cannot keep an edge out by doing nothing, and to a stop, which owes them no answer.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  /** Established once they have a session. */
  readonly #sockets: BoundedPeers<Socket>;
  readonly #sessions = new Set<EdgeSession>();
  #draining = false;
  #emptied: (() => void) | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#sockets = new BoundedPeers(options.limit);
  }

  get count(): number {
    return this.#sockets.size;
  }

  /** Counts a socket that was just accepted; false, and the socket closed, when edges have taken the whole limit. */
  admit(socket: Socket): boolean {
    const refuse = (refused: Socket) => {
      this.#options.metrics().connectionRefused("limit");
      refused.destroy();
    };
    if (!this.#sockets.makeRoom(refuse)) {
      refuse(socket);
      return false;
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#forget(socket));
    return true;
  }

  /**
   * Begins to serve an edge over a socket, or tells it in its own protocol why not; `admitted` is what was admitted, where
   * TLS has wrapped it since.
   */
  serve(socket: Socket, edge: EdgeIdentity, { preface, admitted = socket, open }: ServeOptions = {}): void {
    this.#sockets.establish(admitted);
    const session = open?.(socket, edge) ?? this.#openKeyless(socket, edge, preface);
    this.#sessions.add(session);
    const { log } = this.#options;
    log.debug({ event: "edge-connected", edge: edge.name, peer: socket.remoteAddress }, "edge connected");
    const expiry = this.#endAtExpiry(session);
    socket.once("close", () => {
      clearTimeout(expiry());
      this.#sessions.delete(session);
    });
    // Its handshake was under way when the draining began.
    if (this.#draining) session.end();
    this.#cutRefused(session);
  }

  /** The registry has changed: whoever may not be connected any more is cut off. */
  cutRefused(): void {
    for (const session of [...this.#sessions]) this.#cutRefused(session);
  }

  /** Lets every session answer what is in flight; closes what is left after `deadline` milliseconds. */
  async drain(deadline: number): Promise<void> {
    this.#draining = true;
    for (const stranger of this.#sockets.strangers()) this.#dismiss(stranger);
    for (const session of this.#sessions) session.end();
    if (this.#sockets.size === 0) return;
    const timer = setTimeout(() => this.#destroyAll(), deadline);
    await new Promise<void>((resolve) => this.#emptied = resolve);
    clearTimeout(timer);
  }

  #cutRefused(session: EdgeSession): void {
    const reason = this.#options.refusal(session.edge);
    if (reason === undefined) return;
    const { metrics, audit, log } = this.#options;
    metrics().connectionRefused("revoked");
    audit.record({ kind: "connection-refused", peer: session.edge.name, why: "revoked", reason });
    this.#sessions.delete(session);
    log.warn({ event: "edge-cut", edge: session.edge.name, reason }, "an edge is cut off");
    session.cut(reason);
  }

  #openKeyless(socket: Socket, edge: EdgeIdentity, preface: Uint8Array | undefined): KeylessSession {
    const { handler, inFlightPerConnection, log, metrics } = this.#options;
    return new KeylessSession({
      socket,
      edge,
      handler,
      log,
      preface,
      inFlightLimit: inFlightPerConnection,
      onProtocolError: () => metrics().protocolError(),
    });
  }

  #dismiss(stranger: Socket): void {
    this.#forget(stranger);
    stranger.destroy();
  }

  #forget(socket: Socket): void {
    if (this.#sockets.delete(socket) && this.#sockets.size === 0) this.#emptied?.();
  }

  #destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A channel ends no later than the certificate that opened it. Returns the timer that is running. */
  #endAtExpiry(session: EdgeSession): () => ReturnType<typeof setTimeout> | undefined {
    const { notAfter } = session.edge;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      if (notAfter === undefined) return;
      if (!isCurrent(session.edge)) return session.end();
      timer = setTimeout(look, Math.min(notAfter - Date.now(), longestTimeout));
    };
    look();
    return () => timer;
  }
}
