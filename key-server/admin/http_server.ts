import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { BoundedPeers } from "../../shared/bounded_peers.ts";
import type { AdminApp } from "./admin_app.ts";
import type { Administrator } from "./administrators.ts";

/** Connections at once, for each of the two listeners. */
const mostConnections = 64;
/** Milliseconds for a request's head, and for all of it. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 30_000 };
const limits = { maxHeaderSize: 16_384, connectionsCheckingInterval: 1000 };

/** Makes an HTTP server; with a TLS context an HTTPS one. */
export interface HttpServerOptions {
  readonly app: AdminApp;
  /** Who is at the other end; asked at each request. */
  readonly identify: (socket: Socket) => Administrator;
  readonly tls?: Readonly<Record<string, unknown>>;
}

/** Serves the API by whatever is to listen; connections are bounded, and their requests in time and size. */
export function adminHttpServer({ app, identify, tls }: HttpServerOptions): Server {
  const peers = new BoundedPeers<Socket>(mostConnections);
  const server = createAdaptorServer(
    {
      fetch: (request, env) => {
        const { socket } = (env as HttpBindings).incoming;
        const administrator = identify(socket);
        if (administrator.role !== undefined) peers.establish(acceptedSocket(socket));
        return app.fetch(request, { administrator });
      },
      createServer: tls === undefined ? createServer : createTlsServer,
      serverOptions: { ...timeouts, ...limits, ...tls },
    } as Parameters<typeof createAdaptorServer>[0],
  ) as Server;
  server.on("connection", (socket: Socket) => bound(peers, socket));
  return server;
}

/** The one under TLS: node:tls keeps it here, and tells it by no other way. */
function acceptedSocket(socket: Socket): Socket {
  return (socket as Socket & { readonly _parent?: Socket })._parent ?? socket;
}

/** Who has not made a call as an administrator gives way to newcomers. */
function bound(peers: BoundedPeers<Socket>, socket: Socket): void {
  socket.on("error", () => {}); // A reset is an end like another; "close" follows.
  if (!peers.makeRoom((stranger) => stranger.destroy())) {
    socket.destroy();
    return;
  }
  peers.add(socket);
  socket.once("close", () => peers.delete(socket));
}

/** Closes a server and what is connected to it. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeAllConnections();
  await closed;
}
