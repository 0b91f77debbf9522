import { Hono } from "hono";
import type { SocketAddress } from "../../shared/config/address.ts";

/** What the backend saw of one request. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyLength: number;
}

/** A web application as it stands behind an edge: a greeting, echoes, downloads of any size. Remembers its requests. */
export class HttpBackend implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #server: Deno.HttpServer;
  readonly #closing = new AbortController();

  private constructor(readonly address: SocketAddress) {
    const handler = this.#routes().fetch;
    const common = { onListen: () => {}, signal: this.#closing.signal };
    this.#server = "path" in address
      ? Deno.serve({ path: address.path, ...common }, handler)
      : Deno.serve({ hostname: address.host, port: address.port, ...common }, handler);
  }

  /** Serves on a TCP address with a given port, or on a unix socket. */
  static start(address: SocketAddress): HttpBackend {
    return new HttpBackend(address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not a graceful shutdown: an edge may keep connections open for long.
    this.#closing.abort();
    await this.#server.finished;
  }

  #routes(): Hono {
    return new Hono()
      .use(async (context, next) => {
        const { method, path } = context.req;
        const bodyLength = (await context.req.arrayBuffer()).byteLength;
        this.requests.push({ method, path, headers: context.req.header(), bodyLength });
        await next();
      })
      .get("/", (context) => context.html(greeting))
      .get("/bytes/:count", (context) => context.body(countingBytes(Number(context.req.param("count")))))
      .post("/echo", async (context) => context.body(await context.req.arrayBuffer()))
      .get("/headers", (context) => context.json(context.req.header()));
  }
}

/** The page at `/`. */
export const greeting = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Holdfast</title></head>
<body><h1>Hello from behind the edge</h1></body>
</html>
`;

/** `count` bytes that differ from their neighbours, so that a lost or doubled one is seen. */
export function countingBytes(count: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}
