import { fileURLToPath } from "node:url";
import { ScriptedClient } from "../../peer/scripted_client.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { HandshakeType } from "../../../shared/tls_constants.ts";

/** How the shim's process ended. */
export interface ShimExit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the runner does with one connection of the shim. */
export type Script = (connection: RunnerConnection) => Promise<void>;

const shimScript = fileURLToPath(new URL("shim/shim.sh", import.meta.url));
const shimId = 0x0102_0304_0506n;

/** Plays the runner's part for the shim: listens, starts it with the flags, runs one script for each connection. */
export async function runShimAgainst(
  flags: readonly string[],
  scripts: readonly Script[],
): Promise<ShimExit> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = new Deno.Command(shimScript, {
    args: ["-port", String(listener.addr.port), "-shim-id", String(shimId), ...flags],
    env: { HOLDFAST_DENO: Deno.execPath() },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const exit = child.output();
  for (const script of scripts) {
    using connection = new RunnerConnection(await listener.accept());
    await connection.expectShimId();
    await script(connection);
  }
  const { code, stdout, stderr } = await exit;
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** One connection of the shim, with a client on it that does as it is told. */
export class RunnerConnection implements Disposable {
  readonly #pool = LockedPool.open({ totalBytes: 64 * 64 });
  readonly client = new ScriptedClient({ pool: this.#pool });

  constructor(readonly connection: Deno.TcpConn) {}

  /** A little-endian u64, before anything else. */
  async expectShimId(): Promise<void> {
    const id = new Uint8Array(8);
    for (let at = 0; at < 8;) at += await this.connection.read(id.subarray(at)) ?? Number.NaN;
    const got = new DataView(id.buffer).getBigUint64(0, true);
    if (got !== shimId) throw new Error(`the shim says that it is ${got}`);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.connection.write(rest));
  }

  /** Gives the client what the shim sends until `enough`; false when the shim ends its side before. */
  async readUntil(enough: () => boolean): Promise<boolean> {
    const buffer = new Uint8Array(32 * 1024);
    while (!enough()) {
      const count = await this.connection.read(buffer);
      if (count === null) return false;
      this.client.receive(buffer.slice(0, count));
    }
    return true;
  }

  /** ClientHello to Finished. */
  async handshake(): Promise<void> {
    await this.write(this.client.start());
    const { client } = this;
    if (!await this.readUntil(() => client.messageTypes.includes(HandshakeType.finished))) {
      throw new Error(`the shim ended the handshake: ${JSON.stringify(client.alerts)}`);
    }
    await this.write(client.finished());
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
    this.connection.close();
  }
}
