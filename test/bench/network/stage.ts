import { fileURLToPath } from "node:url";
import { stringify } from "smol-toml";
import { writePublic } from "../../../certs/write.ts";
import { patched } from "../../harness/config_patch.ts";
import { keyServerConfig } from "../../harness/default_configs.ts";
import type { Installation } from "../../harness/installation.ts";
import { poll } from "../../harness/poll.ts";
import { ChildProcess } from "../../harness/processes/child_process.ts";
import type { ProductProcess } from "../../harness/processes/product_process.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import { LoadProgram, type Target } from "../load/load_program.ts";
import { createInstallation, siteName } from "../peers/site.ts";
import { inNamespace, linkAddresses, type Namespaces } from "./namespaces.ts";

const keyServerPort = 4433;
const echoPort = 7000;
const localKeyPort = 9200;

/**
 * An edge, its backend and its clients in this process's namespace; its key server, and an echo for measuring the way
 * there, in the other; and, beside the edge, the same engine with the key in a file.
 */
export class NetworkStage implements AsyncDisposable {
  readonly echo = { host: linkAddresses.keyServer, port: echoPort };

  private constructor(
    readonly load: LoadProgram,
    readonly installation: Installation,
    readonly edge: ProductProcess,
    readonly parts: AsyncDisposableStack,
  ) {}

  static async start(namespaces: Namespaces): Promise<NetworkStage> {
    await using parts = new AsyncDisposableStack();
    const load = await LoadProgram.build();
    const folder = parts.use(await TemporaryFolder.create());
    const installation = await createInstallation(folder.path);
    const there = inNamespace(namespaces.keyServer, []);
    parts.use(await load.startBackend(installation.address("backend")));
    parts.use(await load.startBackend({ host: linkAddresses.keyServer, port: echoPort }, there));
    parts.use(await startKeyServer(installation, there));
    const edge = parts.use(
      await installation.startEdge({
        patch: {
          key_server: [{
            ...installation.keyServerEntry(),
            address: `${linkAddresses.keyServer}:${keyServerPort}`,
          }],
          tls: { groups: ["x25519", "secp256r1"] },
          log: { level: "warn" },
        },
      }),
    );
    parts.use(await startLocalKeyServer(installation));
    return new NetworkStage(load, installation, edge, parts.move());
  }

  get keyless(): Target {
    return { ...this.installation.address("edge"), serverName: siteName("ecdsa") };
  }

  get localKey(): Target {
    return { ...this.keyless, port: localKeyPort };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.disposeAsync();
  }
}

async function startKeyServer(installation: Installation, prefix: readonly string[]): Promise<ChildProcess> {
  const config = installation.file("key-server.toml");
  const listen = { address: `${linkAddresses.keyServer}:${keyServerPort}` };
  await writePublic(
    config,
    stringify(patched(keyServerConfig(installation, 0), { listen, log: { level: "info" } })),
  );
  const frontDoor = fileURLToPath(new URL("../../../holdfast", import.meta.url));
  const [command, ...args] = [...prefix, frontDoor, "key-server", "--config", config];
  const { env } = installation.token;
  const keyServer = new ChildProcess({ name: "key server", command: command!, args, env });
  await poll("the key server", async () => {
    if (keyServer.end !== undefined) return true;
    (await Deno.connect({ hostname: linkAddresses.keyServer, port: keyServerPort })).close();
    return true;
  });
  if (keyServer.end !== undefined) throw new Error(`The key server ended: ${keyServer.lines.join("\n")}`);
  return keyServer;
}

async function startLocalKeyServer(installation: Installation): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("local_key_server.ts", import.meta.url));
  const files = [installation.file("ecdsa.pem"), installation.file("ecdsa.key")];
  const server = new ChildProcess({
    name: "local key server",
    command: Deno.execPath(),
    args: ["run", "--quiet", "--cached-only", "-A", program, installation.host, `${localKeyPort}`, ...files],
  });
  await poll("the server with a local key", () => {
    if (server.end !== undefined) throw new Error(server.lines.join("\n"));
    return server.lines.includes("ready");
  });
  return server;
}
