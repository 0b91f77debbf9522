/** For tests: a backend of bare TCP. */
import { createServer, type Server, type Socket } from "node:net";
import type { SocketAddress } from "../../../shared/config/address.ts";

export class RawBackend implements AsyncDisposable {
  private constructor(
    readonly server: Server,
    readonly address: SocketAddress,
    /** Every connection there ever was. */
    readonly sockets: readonly Socket[],
  ) {}

  /** `serve` gets each connection; on a unix socket when a path is given. */
  static async start(serve: (socket: Socket) => void, path?: string): Promise<RawBackend> {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      serve(socket);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    if (path === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(path, resolve);
    await promise;
    const bound = server.address();
    const address = path === undefined && typeof bound === "object" && bound !== null
      ? { host: "127.0.0.1", port: bound.port }
      : { path: path! };
    return new RawBackend(server, address, sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.server.close(() => resolve());
    await promise;
  }
}

/** Sends back what it gets, and ends when the client does. */
export function echo(socket: Socket): void {
  socket.pipe(socket);
}
