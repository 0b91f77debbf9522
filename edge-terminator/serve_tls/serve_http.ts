import type { Server } from "node:http";
import { Duplex } from "node:stream";
import type { TlsConnection } from "./tls_connection.ts";

/**
 * Has a server of `node:http` (which listens nowhere) serve connections in HTTP/1.1, whatever runs on it: Hono by
 * `createAdaptorServer`, Express, a plain handler. Returns when there are no more.
 */
export async function serveHttp(server: Server, connections: AsyncIterable<TlsConnection>): Promise<void> {
  // Or it would end every connection after its first response.
  Object.defineProperty(server, "listening", { value: true });
  for await (const connection of connections) server.emit("connection", new HttpSocket(connection));
}

/** A connection as what `node:http` takes for a socket. */
class HttpSocket extends Duplex {
  readonly encrypted = true;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #connection: TlsConnection;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #idleTime = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: TlsConnection) {
    super({ allowHalfOpen: true });
    this.#connection = connection;
    this.#reader = connection.readable.getReader();
    this.#writer = connection.writable.getWriter();
    this.remoteAddress = connection.remoteAddress.host;
    this.remotePort = connection.remoteAddress.port;
    connection.closed.then(() => this.destroy());
  }

  /** Emits "timeout" after `milliseconds` without a byte; 0: never. */
  setTimeout(milliseconds: number, onTimeout?: () => void): this {
    if (onTimeout !== undefined) this.once("timeout", onTimeout);
    this.#idleTime = milliseconds;
    this.#isActive();
    return this;
  }

  override _read(): void {
    this.#reader.read().then(({ value }) => {
      this.#isActive();
      this.push(value ?? null);
    }, (error) => this.destroy(error));
  }

  override _write(data: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#isActive();
    this.#writer.write(data).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#writer.close().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer);
    if (error === null) this.#connection.close();
    else this.#connection.abort(error);
    done(error);
  }

  #isActive(): void {
    clearTimeout(this.#idleTimer);
    if (this.#idleTime === 0 || this.destroyed) return;
    this.#idleTimer = setTimeout(() => this.emit("timeout"), this.#idleTime);
  }
}
