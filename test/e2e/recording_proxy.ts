import { concatenate } from "../../shared/codec/concatenate.ts";

/** A TCP relay for one connection that keeps what both sides say: an eavesdropper. */
export class RecordingProxy implements AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  readonly #listener: Deno.TcpListener;
  readonly #fromClient: Uint8Array[] = [];
  readonly #fromServer: Uint8Array[] = [];
  readonly #relay: Promise<unknown>;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = { host: "127.0.0.1", port: this.#listener.addr.port };
    this.#relay = this.#run(target).catch(() => {});
  }

  static start(target: { readonly host: string; readonly port: number }): RecordingProxy {
    return new RecordingProxy(target);
  }

  get fromClient(): Uint8Array {
    return concatenate(this.#fromClient);
  }

  get fromServer(): Uint8Array {
    return concatenate(this.#fromServer);
  }

  async #run({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
    const client = await this.#listener.accept();
    const server = await Deno.connect({ hostname: host, port });
    await Promise.allSettled([
      record(client, server, this.#fromClient),
      record(server, client, this.#fromServer),
    ]);
    for (const connection of [client, server]) connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#relay;
  }
}

async function record(from: Deno.TcpConn, to: Deno.TcpConn, into: Uint8Array[]): Promise<void> {
  const chunk = new Uint8Array(65_536);
  for (let length = await from.read(chunk); length !== null; length = await from.read(chunk)) {
    const bytes = chunk.slice(0, length);
    into.push(bytes);
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
  }
  await to.closeWrite();
}
