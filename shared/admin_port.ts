import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { AddressInfo } from "node:net";
import { formatAddress, isLoopback, type TcpAddress } from "./config/address.ts";
import { HoldfastError } from "./errors.ts";
import { expositionContentType } from "./metrics.ts";

/** What `/readyz` answers: each check's state in words or fields, never a secret. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, unknown>>;
}

export interface AdminPortOptions {
  /** Port 0 takes a free one. */
  readonly address: TcpAddress;
  /** The port answers anybody who reaches it, so only a loopback address is taken unless this is true. */
  readonly allowRemote?: boolean;
  readonly readiness: () => Promise<Readiness> | Readiness;
  /** Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

/** A running admin port; disposing closes it and its connections. */
export interface AdminPort extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly address: TcpAddress;
}

/** An admin port that may not or cannot listen where it was told to. Code `admin-port`. */
export class AdminPortError extends HoldfastError {
  constructor(address: TcpAddress, reason: string, options?: ErrorOptions) {
    super("admin-port", `Cannot serve the admin port on ${formatAddress(address)}: ${reason}`, options);
  }
}

/**
 * Serves `GET /healthz` (200 while the process runs), `/readyz` (200 or 503, with the checks as JSON) and `/metrics`.
 * Resolves once it listens; throws {@link AdminPortError}.
 */
export async function serveAdminPort(options: AdminPortOptions): Promise<AdminPort> {
  const { address } = options;
  if (options.allowRemote !== true && !isLoopback(address.host)) {
    throw new AdminPortError(
      address,
      "it is not a loopback address; set allow_remote = true in [admin] to mean it",
    );
  }
  const server = serve({ fetch: adminRoutes(options).fetch, hostname: address.host, port: address.port });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve);
  server.once(
    "error",
    (cause: Error) => reject(new AdminPortError(address, "the address cannot be bound", { cause })),
  );
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: address.host, port },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}

function adminRoutes({ readiness, metrics }: AdminPortOptions): Hono {
  return new Hono()
    .get("/healthz", (context) => context.json({ healthy: true }))
    .get("/readyz", async (context) => {
      const state = await readiness();
      return context.json(state, state.ready ? 200 : 503);
    })
    .get(
      "/metrics",
      async (context) => context.body(await metrics(), 200, { "content-type": expositionContentType }),
    );
}
