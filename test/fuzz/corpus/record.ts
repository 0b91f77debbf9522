import { type Recording, writeRecording } from "./recording.ts";

/**
 * Records handshakes of the clients on this machine for the fuzzers to start from, and writes them beside this file.
 *
 * Run by hand, `deno run -A test/fuzz/corpus/record.ts`, when there is a new client to learn from. Needs openssl,
 * gnutls-cli, curl, tstclnt and chromium; one that is missing is passed over. The keys are made for the purpose and
 * thrown away.
 */
const host = "www.holdfast.test";
const patience = 15_000;

async function run(command: string, args: readonly string[], folder: string): Promise<void> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: folder,
    env: { HOME: folder },
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  // A client that reads its standard input ends when this does; one that does not is ended.
  const closing = setTimeout(() => void child.stdin.close().catch(() => {}), 1_500);
  const ending = setTimeout(() => child.kill(), patience);
  await child.status;
  clearTimeout(closing);
  clearTimeout(ending);
}

/** Passes one connection through and keeps what went each way. */
class Tap implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly port = this.#listener.addr.port;
  readonly #server: number | undefined;
  #closed = false;

  /** Without a server the client's first bytes are taken and the connection is closed. */
  constructor(server?: number) {
    this.#server = server;
  }

  async connection(): Promise<Pick<Recording, "fromClient" | "fromServer">> {
    using client = await this.#listener.accept();
    if (this.#server === undefined) {
      return { fromClient: await firstRecord(client), fromServer: new Uint8Array(0) };
    }
    using server = await Deno.connect({ hostname: "127.0.0.1", port: this.#server });
    const [fromClient, fromServer] = await Promise.all([pass(client, server), pass(server, client)]);
    return { fromClient, fromServer };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<Uint8Array> {
  const chunks: number[] = [];
  try {
    for await (const chunk of from.readable) {
      chunks.push(...chunk);
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await to.write(rest));
    }
  } catch {
    // One side hung up: what came until then is what we want.
  }
  await to.closeWrite().catch(() => {});
  return Uint8Array.from(chunks);
}

async function firstRecord(connection: Deno.Conn): Promise<Uint8Array> {
  const buffer = new Uint8Array(20_000);
  let length = 0;
  while (length < 5 || length < 5 + (buffer[3]! << 8 | buffer[4]!)) {
    const read = await connection.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return buffer.slice(0, length);
}

async function makeKeys(folder: string): Promise<void> {
  const make = (name: string, algorithm: readonly string[]) =>
    run("openssl", [
      ...["req", "-x509", "-nodes", "-days", "3", "-subj", `/CN=${host}`, "-keyout", `${name}.key`],
      ...["-out", `${name}.pem`, ...algorithm],
    ], folder);
  await make("rsa", ["-newkey", "rsa:2048"]);
  await make("ecdsa", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
}

const hellos: Readonly<Record<string, (port: number) => [command: string, args: string[]]>> = {
  "hello-openssl": (port) => ["openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", host]],
  "hello-gnutls": (
    port,
  ) => ["gnutls-cli", ["--insecure", "--sni-hostname", host, "-p", `${port}`, "127.0.0.1"]],
  "hello-curl": (
    port,
  ) => ["curl", ["-sk", "--connect-to", `${host}:443:127.0.0.1:${port}`, `https://${host}/`]],
  "hello-nss": (port) => ["tstclnt", ["-h", "127.0.0.1", "-p", `${port}`, "-a", host, "-o", "-D"]],
  "hello-chromium": (port) => [
    "chromium",
    [
      "--headless",
      "--no-sandbox",
      `--host-resolver-rules=MAP ${host} 127.0.0.1:${port}, MAP * ~NOTFOUND`,
      "--dump-dom",
      `https://${host}/`,
    ],
  ],
};

const handshakes: Readonly<Record<string, { server: string[]; client: string[] }>> = {
  "tls12-ecdhe-ecdsa": { server: ["-cert", "ecdsa.pem", "-key", "ecdsa.key"], client: ["-tls1_2"] },
  "tls12-ecdhe-rsa-client-certificate": {
    server: ["-cert", "rsa.pem", "-key", "rsa.key", "-Verify", "2"],
    client: ["-tls1_2", "-cert", "ecdsa.pem", "-key", "ecdsa.key", "-alpn", "h2,http/1.1"],
  },
  "tls12-rsa-key-exchange": {
    server: ["-cert", "rsa.pem", "-key", "rsa.key", "-cipher", "AES128-GCM-SHA256"],
    client: ["-tls1_2", "-cipher", "AES128-GCM-SHA256", "-no_ticket"],
  },
  "tls13": { server: ["-cert", "ecdsa.pem", "-key", "ecdsa.key"], client: ["-tls1_3", "-alpn", "h2"] },
  "tls13-retry": {
    server: ["-cert", "rsa.pem", "-key", "rsa.key", "-groups", "P-384"],
    client: ["-tls1_3", "-groups", "X25519:P-384"],
  },
};

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function recordHello(name: string, folder: string): Promise<void> {
  using tap = new Tap();
  const [command, args] = hellos[name]!(tap.port);
  const recorded = tap.connection().catch(() => undefined);
  await run(command, args, folder);
  // A client that is not here, or gave up, leaves the tap waiting: closing it ends the wait.
  setTimeout(() => tap.close(), 500);
  const bytes = await recorded;
  if (bytes !== undefined) await writeRecording({ name, about: `the ClientHello of ${command}`, ...bytes });
}

async function recordHandshake(name: string, folder: string): Promise<void> {
  const { server, client } = handshakes[name]!;
  const port = freePort();
  const serving = run(
    "openssl",
    ["s_server", "-accept", `${port}`, "-naccept", "1", "-quiet", ...server],
    folder,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  using tap = new Tap(port);
  const recorded = tap.connection();
  const connect = ["s_client", "-connect", `127.0.0.1:${tap.port}`, "-servername", host];
  await run("openssl", [...connect, ...client], folder);
  await writeRecording({ name, about: `openssl s_client with openssl s_server, ${name}`, ...await recorded });
  await serving;
}

if (import.meta.main) {
  const folder = await Deno.makeTempDir();
  try {
    await makeKeys(folder);
    for (const name of Object.keys(hellos)) await recordHello(name, folder);
    for (const name of Object.keys(handshakes)) await recordHandshake(name, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
