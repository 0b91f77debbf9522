import type { AeadName } from "../../../shared/libcrypto/aead.ts";
import type { HashName } from "../../../shared/libcrypto/digest.ts";
import { aeadKeyLength } from "../../../shared/libcrypto/aead.ts";
import type { NamedSecret } from "./named_secret.ts";

/** Where sessions are made. */
export interface SessionTarget {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}

/** A session with a live edge whose every secret the audit knows. */
export interface AuditedSession extends Disposable {
  readonly name: string;
  /** From the handshake's stop to a connection on which data has gone both ways. */
  complete(): Promise<void>;
  /** Once more data both ways, after new keys where the version has that. */
  renewKeys(): Promise<void>;
  /** Closes in order, and waits until the server has closed too. */
  close(): Promise<void>;
  /** All that is known so far, and what of it the server has to keep now. */
  secrets(): NamedSecret[];
}

/** A request that leaves the connection open. */
export function request(name: string): Uint8Array {
  const lines = ["GET / HTTP/1.1", "Host: www.holdfast.test", `X-Audit: ${name}`, "", ""];
  return new TextEncoder().encode(lines.join("\r\n"));
}

/** What the client's pool held besides the named secrets: in all forms that its use might give it. */
export function unnamed(
  recorded: readonly Uint8Array[],
  named: readonly NamedSecret[],
  { hmac, aead }: { hmac: HashName; aead: AeadName },
): NamedSecret[] {
  const known = new Set(named.map(({ bytes }) => bytes.toHex()));
  return recorded
    .filter((bytes) => bytes.length >= 12 && new Set(bytes).size > 4 && !known.has(bytes.toHex()))
    .map((bytes, index) => ({
      name: `secret ${index} of the client's, ${bytes.length} bytes`,
      bytes,
      hmac,
      ...bytes.length === aeadKeyLength[aead] && { aead },
    }));
}

/** The socket under a scripted client. */
export class SocketPeer implements Disposable {
  readonly #socket: Deno.TcpConn;
  readonly #buffer = new Uint8Array(64 * 1024);

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
  }

  static async connect({ host, port }: SessionTarget): Promise<SocketPeer> {
    return new SocketPeer(await Deno.connect({ hostname: host, port }));
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#socket.write(rest));
  }

  /** The next bytes; throws at the end. */
  async read(): Promise<Uint8Array> {
    const length = await this.#socket.read(this.#buffer);
    if (length === null) throw new Error("Cannot go on: the server has closed the connection");
    return this.#buffer.slice(0, length);
  }

  /** Sends the last bytes and reads to the end. */
  async end(last: Uint8Array): Promise<void> {
    await this.send(last);
    await this.#socket.closeWrite();
    while (await this.#socket.read(this.#buffer) !== null) { /* close_notify and what was under way */ }
  }

  /** Whether a response with Content-Length is there as a whole. */
  static isWhole(received: Uint8Array): boolean {
    const text = new TextDecoder("latin1").decode(received);
    const end = text.indexOf("\r\n\r\n");
    const length = /^content-length: (\d+)$/im.exec(text.slice(0, end).replaceAll("\r", ""))?.[1];
    return end >= 0 && length !== undefined && received.length >= end + 4 + Number(length);
  }

  [Symbol.dispose](): void {
    try {
      this.#socket.close();
    } catch {
      // Closed already.
    }
  }
}
