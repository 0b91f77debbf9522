import { createServer, type Server, type Socket } from "node:net";
import { unixPreface } from "../shared/keyless_protocol/frame.ts";
import { peerCredentials } from "../shared/libc/sockets.ts";
import type { Logger } from "../shared/log.ts";
import type { UnixConfig } from "./config.ts";
import type { Connections } from "./connections.ts";
import { ListenError, listening } from "./listening.ts";
import { RefusalLog } from "./refusal_log.ts";
import type { ServerMetrics } from "./server_metrics.ts";

/** Where to listen, for which users, and who takes over what connects. */
export interface UnixListenerOptions {
  readonly unix: UnixConfig;
  readonly connections: Connections;
  readonly metrics: () => ServerMetrics;
  readonly log: Logger;
}

/** Deno keeps the descriptor of a node:net socket here; SO_PEERCRED needs it. */
interface WithDescriptor {
  readonly _handle?: { readonly fd?: number };
}

/**
 * The keyless protocol for edges on this host (M23): a unix socket without TLS, where the kernel says which user the
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
    await removeStaleSocket(path);
    const listener = new UnixListener(options);
    await listening(listener.#server, path, (done) => listener.#server.listen(path, done));
    await Deno.chmod(path, mode);
    return listener;
  }

  close(): void {
    this.#server.close();
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {}); // A reset is an end like another; "close" follows.
    if (!this.#options.connections.admit(socket)) return;
    const uid = uidOf(socket);
    const name = uid === undefined ? undefined : this.#options.unix.peers.get(uid);
    if (name === undefined) {
      this.#options.metrics().connectionRefused("identity");
      const reason = "no peer with this uid is configured";
      this.#refusals.write(
        { event: "connection-refused", why: "identity", uid, reason },
        "connection refused",
      );
      socket.destroy();
      return;
    }
    this.#options.connections.serve(socket, { name, notAfter: undefined }, { preface: unixPreface });
  }
}

function uidOf(socket: Socket): number | undefined {
  const fd = (socket as WithDescriptor)._handle?.fd;
  return fd === undefined || fd < 0 ? undefined : peerCredentials(fd).uid;
}

/** A socket file left behind by a process that died; one that answers is another key server's. */
async function removeStaleSocket(path: string): Promise<void> {
  const stat = await Deno.lstat(path).catch(() => undefined);
  if (stat === undefined) return;
  if (stat.isSocket !== true) throw new ListenError(`${path}: something that is no socket is there`);
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch {
    return await Deno.remove(path);
  }
  throw new ListenError(`${path}: another process listens there`);
}
