import type { Endpoint } from "../harness/clients/negotiated.ts";
import { poll } from "../harness/poll.ts";

/** One `openssl s_client` connection kept open, for several requests one after the other. */
export class TlsSession implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #serverName: string;
  #received = "";
  #ended = false;

  private constructor({ host, port, serverName, rootFile }: Endpoint) {
    this.#serverName = serverName;
    this.#child = new Deno.Command("openssl", {
      args: [
        ...["s_client", "-quiet", "-ign_eof", "-connect", `${host}:${port}`, "-servername", serverName],
        ...["-CAfile", rootFile, "-verify_return_error", "-verify_hostname", serverName],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#read();
  }

  /** Connects; the handshake is over with the first answer. */
  static open(endpoint: Endpoint): Promise<TlsSession> {
    return Promise.resolve(new TlsSession(endpoint));
  }

  /** Whether the server has ended the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends a GET over the open connection and returns the whole response to it. */
  async get(path: string): Promise<string> {
    this.#received = "";
    await this.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#serverName}\r\n\r\n`);
    return await poll("a whole response", () => {
      const [head, body] = this.#received.split("\r\n\r\n");
      const length = /content-length: (\d+)/i.exec(head ?? "")?.[1];
      return body !== undefined && length !== undefined && body.length >= Number(length) && this.#received;
    });
  }

  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  async #read(): Promise<void> {
    for await (const chunk of this.#child.stdout) this.#received += new TextDecoder().decode(chunk);
    this.#ended = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#writer.abort().catch(() => {});
    await this.#child.status;
  }
}
