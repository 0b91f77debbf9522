/** For tests: a server of the library's, and clients for it. */
import type { ServeTlsOptions } from "../options.ts";
import { serveTls, type TlsServer } from "../serve_tls.ts";
import type { TlsConnection } from "../tls_connection.ts";
import { pki, siteName, testCertificate } from "./test_certificate.ts";

const certificate = await testCertificate();

export class TestServer implements AsyncDisposable {
  /** Records of the log so far. */
  readonly log: Readonly<Record<string, unknown>>[] = [];
  readonly tls: TlsServer;
  readonly #connections: AsyncIterator<TlsConnection>;

  private constructor(options: Partial<ServeTlsOptions>) {
    const keep = (record: Readonly<Record<string, unknown>>) => void this.log.push(record);
    const log = { info: keep, warn: keep, error: keep };
    this.tls = serveTls({ port: 0, certificates: [certificate], log, ...options });
    this.#connections = this.tls[Symbol.asyncIterator]();
  }

  static async start(options: Partial<ServeTlsOptions> = {}): Promise<TestServer> {
    const server = new TestServer(options);
    await server.tls.address;
    return server;
  }

  /** The next connection whose handshake is complete. */
  async next(): Promise<TlsConnection> {
    const { value } = await this.#connections.next();
    return value;
  }

  /** A client that is through its handshake. */
  async connect(serverName = siteName, alpnProtocols: string[] = []): Promise<Deno.TlsConn> {
    const { host, port } = await this.tls.address;
    const tcp = await Deno.connect({ hostname: host, port });
    tcp.setNoDelay();
    const caCerts = [pki.webRoot.certificatePem];
    const client = await Deno.startTls(tcp, { hostname: serverName, caCerts, alpnProtocols });
    try {
      await client.handshake();
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Both ends of a new connection. */
  async pair(): Promise<{ connection: TlsConnection; client: Deno.TlsConn }> {
    const client = await this.connect();
    return { connection: await this.next(), client };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tls.close();
  }
}
