/** The largest piece read at once: a full record and its header. */
const readSize = 16 * 1024 + 512;

/**
 * The connection to the runner: the shim dials out, whatever its role in TLS.
 *
 * RFC 8446 is spoken over it by the engine; this class only moves bytes, one at a time in both directions when the
 * runner asks for `-async`.
 */
export class RunnerSocket {
  readonly #connection: Deno.TcpConn;
  readonly #byteByByte: boolean;
  readonly #buffer = new Uint8Array(readSize);

  private constructor(connection: Deno.TcpConn, byteByByte: boolean) {
    this.#connection = connection;
    this.#byteByByte = byteByByte;
  }

  /** Connects over loopback by address, never by name, and says which test this is: a little-endian u64. */
  static async dial(
    { port, ipv6, shimId, byteByByte }: { port: number; ipv6: boolean; shimId: number; byteByByte: boolean },
  ): Promise<RunnerSocket> {
    const connection = await Deno.connect({ hostname: ipv6 ? "::1" : "127.0.0.1", port });
    connection.setNoDelay(true);
    const socket = new RunnerSocket(connection, byteByByte);
    const id = new Uint8Array(8);
    new DataView(id.buffer).setBigUint64(0, BigInt(shimId), true);
    await socket.#writeAll(id);
    return socket;
  }

  /** The runner's next bytes, valid until the next call, in pieces for the engine; undefined at the end. */
  async read(): Promise<readonly Uint8Array[] | undefined> {
    const count = await this.#readSome();
    if (count === undefined) return undefined;
    const bytes = this.#buffer.subarray(0, count);
    return this.#byteByByte ? Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)) : [bytes];
  }

  /** Whether the bytes went out; false once the runner has closed, which is for the reading side to notice. */
  async write(bytes: Uint8Array): Promise<boolean> {
    try {
      if (!this.#byteByByte) {
        await this.#writeAll(bytes);
        return true;
      }
      for (let at = 0; at < bytes.length; at++) await this.#writeAll(bytes.subarray(at, at + 1));
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** Ends our side, reads whatever the runner still sends, then closes: so that it sees an alert and no reset. */
  async close(): Promise<void> {
    try {
      await this.#connection.closeWrite();
      while (await this.#readSome() !== undefined);
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      this.#connection.close();
    }
  }

  async #readSome(): Promise<number | undefined> {
    try {
      return await this.#connection.read(this.#buffer) ?? undefined;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#connection.write(rest));
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionAborted;
}
