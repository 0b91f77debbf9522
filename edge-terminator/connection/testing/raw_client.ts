/** For tests: a client of bare TCP, for what no TLS client would do. */
import { connect, createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import { siteName } from "./software_key.ts";

/** The first flight of a real client (Deno's), as recorded by a listener that never answers. */
export async function clientHello(serverName = siteName): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data: Uint8Array) => {
      resolve(new Uint8Array(data));
      socket.destroy();
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const { port } = server.address() as { port: number };
  const client = connectTls({
    socket: connect(port, "127.0.0.1"),
    servername: serverName,
    minVersion: "TLSv1.3",
  });
  client.on("error", () => {});
  try {
    return await promise;
  } finally {
    client.destroy();
    server.close();
  }
}

/** All that comes until the end of the stream; throws when it is a reset. */
export async function readToEnd(connection: Deno.Conn): Promise<Uint8Array> {
  const parts: number[] = [];
  const buffer = new Uint8Array(65536);
  for (let read = await connection.read(buffer); read !== null; read = await connection.read(buffer)) {
    parts.push(...buffer.subarray(0, read));
  }
  return new Uint8Array(parts);
}

/** Sends everything, or as much as the peer lets us. */
export async function sendRaw(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
  } catch {
    // It has closed: what it said first is what matters.
  }
}

/** The description in the alert record that `bytes` end in, when it is one in the clear. */
export function alertIn(bytes: Uint8Array): number | undefined {
  const [type, , , high, low, level, description] = bytes.subarray(-7);
  return type === 21 && high === 0 && low === 2 && level === 2 ? description : undefined;
}

/** `openssl s_client` as a process, which can be cut off at any time: the kernel then sends a bare FIN. */
export function startOpenssl({ hostname, port }: { hostname: string; port: number }) {
  const child = new Deno.Command("openssl", {
    args: ["s_client", "-quiet", "-connect", `${hostname}:${port}`, "-servername", siteName],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.getReader();
  return {
    /** Waits for application data. */
    receives: async () => void await output.read(),
    /** kill -9. */
    kill: async () => {
      child.kill("SIGKILL");
      await child.status;
      await output.cancel();
      await child.stdin.abort();
    },
  };
}
