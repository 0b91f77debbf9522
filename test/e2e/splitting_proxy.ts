/** A TCP relay that hands on every byte by itself, in both directions, so that no read ever gets two at once. */
export class SplittingProxy implements AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  readonly #listener: Deno.TcpListener;
  readonly #relays: Promise<void>[] = [];

  private constructor(private readonly target: { readonly host: string; readonly port: number }) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = { host: "127.0.0.1", port: this.#listener.addr.port };
    this.#accept();
  }

  static start(target: { readonly host: string; readonly port: number }): SplittingProxy {
    return new SplittingProxy(target);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: this.target.host, port: this.target.port });
      client.setNoDelay();
      server.setNoDelay();
      this.#relays.push(split(client, server), split(server, client));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Promise.all(this.#relays);
  }
}

async function split(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const byte = new Uint8Array(1);
  try {
    while (await from.read(byte) !== null) {
      await to.write(byte);
      // Lets the far side read before the next byte is there.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await to.closeWrite();
  } catch {
    // Either side may reset; the client's own report tells whether that mattered.
  }
}
