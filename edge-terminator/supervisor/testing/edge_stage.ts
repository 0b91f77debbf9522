/** For tests: a real edge, supervisor and workers, with a key server that signs and a backend, each at hand. */
import { join } from "node:path";
import { stringify } from "smol-toml";
import { writeIdentity, writePublic } from "../../../certs/write.ts";
import { formatAddress, type TcpAddress } from "../../../shared/config/address.ts";
import { encodeAnswer } from "../../../shared/keyless_protocol/answers.ts";
import { type ConfigTable, patched } from "../../../test/harness/config_patch.ts";
import { freePort, ownLoopbackAddress } from "../../../test/harness/loopback.ts";
import { childrenOf, commandLineOf } from "../../../test/harness/proc/inspect.ts";
import { ProductProcess } from "../../../test/harness/processes/product_process.ts";
import { echo, RawBackend } from "../../connection/testing/raw_backend.ts";
import { siteName, SoftwareKey } from "../../connection/testing/software_key.ts";
import {
  KeylessTestPki,
  onOperations,
  type Script,
  ScriptedKeyServer,
} from "../../keyless/scripted_key_server.ts";

export interface EdgeStageOptions {
  /** Laid over the edge's configuration. */
  readonly patch?: ConfigTable;
  /** Whether to wait until the edge is ready; true unless told. */
  readonly wait?: boolean;
}

export class EdgeStage implements AsyncDisposable {
  private constructor(
    readonly parts: AsyncDisposableStack,
    readonly pki: KeylessTestPki,
    readonly keyServer: ScriptedKeyServer,
    readonly backend: RawBackend,
    readonly edge: ProductProcess,
    readonly address: TcpAddress,
    readonly configFile: string,
    readonly config: ConfigTable,
  ) {}

  static async start({ patch = {}, wait = true }: EdgeStageOptions = {}): Promise<EdgeStage> {
    await using parts = new AsyncDisposableStack();
    const pki = parts.use(await KeylessTestPki.create());
    const key = await SoftwareKey.generate(pki.pki, [siteName]);
    await writePublic(pki.folder.file("www.pem"), key.chainPem);
    await writeIdentity(
      pki.folder.path,
      "other",
      await pki.pki.edgeIdentity("spiffe://holdfast.test/edge/other"),
    );
    const keyServer = parts.use(await ScriptedKeyServer.start(pki, { script: signing(key) }));
    const backend = parts.use(await RawBackend.start(echo));
    const host = ownLoopbackAddress();
    const address = { host, port: freePort(host) };
    const admin = { host, port: freePort(host) };
    const config = patched(configFor({ address, admin, keyServer, backend }), patch);
    const configFile = join(pki.folder.path, "edge.toml");
    await writePublic(configFile, stringify(config));
    const launch = wait
      ? ProductProcess.start
      : (options: Parameters<typeof ProductProcess.launch>[0]) =>
        Promise.resolve(ProductProcess.launch(options));
    const edge = parts.use(await launch({ command: "edge", config: configFile, admin }));
    return new EdgeStage(parts.move(), pki, keyServer, backend, edge, address, configFile, config);
  }

  /** A client that is through its handshake. */
  async connect(address: TcpAddress = this.address): Promise<Deno.TlsConn> {
    const tcp = await Deno.connect({ hostname: address.host, port: address.port });
    tcp.setNoDelay(); // or every second write waits for a delayed acknowledgement
    const root = this.pki.pki.webRoot.certificatePem;
    const tls = await Deno.startTls(tcp, { hostname: siteName, caCerts: [root] });
    await tls.handshake();
    return tls;
  }

  /** Pids of the running workers. */
  async workers(): Promise<number[]> {
    const children = await childrenOf(this.edge.pid);
    const commands = await Promise.all(children.map((pid) => commandLineOf(pid).catch(() => [])));
    return children.filter((_, index) => commands[index]?.some((part) => part.endsWith("worker/main.ts")));
  }

  /** Writes another configuration and asks for a reload; does not wait for it. */
  async reload(patch: ConfigTable): Promise<void> {
    await writePublic(this.configFile, stringify(patched(this.config, patch)));
    this.edge.signal("SIGHUP");
  }

  /** How many records of the supervisor's or a worker's log tell of `event`. */
  count(event: string): number {
    return this.edge.records.filter((record) => record.event === event).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.disposeAsync();
  }
}

/** Sends bytes through an echo and says what came back. */
export async function echoed(connection: Deno.TlsConn, text: string): Promise<string> {
  await connection.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(text.length);
  let length = 0;
  while (length < buffer.length) {
    const read = await connection.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return new TextDecoder().decode(buffer.subarray(0, length));
}

/** Answers with real signatures by `key`. */
export function signing(key: SoftwareKey): Script {
  return onOperations(({ id, request, socket }) => {
    if (request.operation !== "sign-tls13" || request.transcript.form !== "hash") return;
    const signature = key.signTranscript(request.transcript.transcriptHash);
    socket.write(encodeAnswer(id, { type: "signature", signature }));
  });
}

function configFor({ address, admin, keyServer, backend }: {
  address: TcpAddress;
  admin: TcpAddress;
  keyServer: ScriptedKeyServer;
  backend: RawBackend;
}): ConfigTable {
  const { endpoint } = keyServer;
  if (!("address" in endpoint)) throw new TypeError("a key server over TLS is wanted");
  return {
    workers: 2,
    listen: [{ address: formatAddress(address) }],
    identity: { certificate: "edge.pem", private_key: "edge.key" },
    key_server: [{ address: formatAddress(endpoint.address), name: endpoint.name, ca: "key-server-ca.pem" }],
    site: [{
      names: [siteName],
      certificates: ["www.pem"],
      backend: formatAddress(backend.address),
      default: true,
    }],
    limits: { drain_deadline_ms: 2000 },
    admin: { address: formatAddress(admin) },
    log: { level: "debug" },
  };
}
