import { createServer, type Server, type Socket } from "node:net";
import { controlPreface } from "../shared/control_protocol/frame.ts";
import { unixPreface } from "../shared/keyless_protocol/frame.ts";
import type { Logger } from "../shared/log.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { UnixConfig } from "./config.ts";
import type { Connections } from "./connections.ts";
import type { OpenControl } from "./control/control_service.ts";
import type { EdgeIdentity } from "./edge_identity.ts";
import { onPreface } from "./preface_choice.ts";
import { RefusalLog } from "./refusal_log.ts";
import type { ServerMetrics } from "./server_metrics.ts";
import { listenOnUnixSocket, peerUid } from "./unix_socket.ts";

/** Where to listen, for which users, and who takes over what connects. */
export interface UnixListenerOptions {
  readonly unix: UnixConfig;
  readonly connections: Connections;
  readonly openControl: OpenControl;
  readonly metrics: () => ServerMetrics;
  readonly audit: AuditLog;
  readonly log: Logger;
}

/**
 * The keyless and the control protocol for edges on this host (M23): a unix socket without TLS, where the kernel says which user the
 * peer is. A user that the configuration does not name is closed.
 */
export class UnixListener {
  readonly #options: UnixListenerOptions;
  readonly #server: Server;
  readonly #refusals: RefusalLog;

  private constructor(options: UnixListenerOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.log);
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** Replaces a socket that nobody listens on any more. Throws ListenError, also when somebody does. */
  static async start(options: UnixListenerOptions): Promise<UnixListener> {
    const { path, mode } = options.unix;
    const listener = new UnixListener(options);
    await listenOnUnixSocket(listener.#server, path, mode);
    return listener;
  }

  close(): void {
    this.#server.close();
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {}); // A reset is an end like another; "close" follows.
    if (!this.#options.connections.admit(socket)) return;
    const uid = peerUid(socket);
    const name = uid === undefined ? undefined : this.#options.unix.peers.get(uid);
    if (name === undefined) {
      this.#options.metrics().connectionRefused("identity");
      const reason = "no peer with this uid is configured";
      const peer = `uid:${uid}`;
      this.#options.audit.record({ kind: "connection-refused", peer, why: "identity", reason });
      this.#refusals.write(
        { event: "connection-refused", why: "identity", uid, reason },
        "connection refused",
      );
      socket.destroy();
      return;
    }
    this.#serve(socket, { name, notAfter: undefined });
  }

  #serve(socket: Socket, edge: EdgeIdentity): void {
    const { connections, openControl } = this.#options;
    onPreface(socket, [unixPreface, controlPreface], (preface) => {
      if (preface === unixPreface) return connections.serve(socket, edge, { preface });
      connections.serve(socket, edge, { open: () => openControl(socket, edge, preface) });
    });
  }
}
