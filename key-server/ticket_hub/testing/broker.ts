/** For tests: Debian's nats-server, with JetStream and mutual TLS, on a loopback port. */
import { Authority } from "../../../certs/authority.ts";
import { generateKeyPair, privateKeyPem } from "../../../certs/key_pair.ts";
import { writeSecret } from "../../../certs/write.ts";
import { poll } from "../../../test/harness/poll.ts";
import { TemporaryFolder } from "../../../test/harness/temporary_folder.ts";
import type { NatsConfig } from "../config.ts";

export class Broker implements AsyncDisposable {
  #process: Deno.ChildProcess | undefined;

  private constructor(readonly folder: TemporaryFolder, readonly port: number) {}

  static async start(): Promise<Broker> {
    const folder = await TemporaryFolder.create();
    const authority = await Authority.createRoot("Test Broker CA");
    await Deno.writeTextFile(folder.file("ca.pem"), authority.certificatePem);
    await writeCertificate(folder, authority, "broker", {
      ipAddresses: ["127.0.0.1"],
      usages: ["serverAuth"],
    });
    await writeCertificate(folder, authority, "key-server", { usages: ["clientAuth"] });
    const stranger = await Authority.createRoot("Stranger CA");
    await writeCertificate(folder, stranger, "stranger", { usages: ["clientAuth"] });
    const broker = new Broker(folder, freePort());
    await broker.run();
    return broker;
  }

  /** Where JetStream could write. */
  get store(): string {
    return this.folder.file("store");
  }

  config(changes: Partial<NatsConfig> = {}): NatsConfig {
    return {
      servers: [{ host: "127.0.0.1", port: this.port }],
      name: undefined,
      certificate: this.folder.file("key-server.pem"),
      privateKey: this.folder.file("key-server.key"),
      ca: this.folder.file("ca.pem"),
      bucket: "tickets",
      grace: 60_000,
      ...changes,
    };
  }

  /** As whom nobody is let in. */
  strangerConfig(): NatsConfig {
    return this.config({
      certificate: this.folder.file("stranger.pem"),
      privateKey: this.folder.file("stranger.key"),
    });
  }

  /** Starts it; again, after `kill`. */
  async run(): Promise<void> {
    await Deno.writeTextFile(this.folder.file("nats.conf"), this.#configuration());
    const process = new Deno.Command("nats-server", {
      args: ["-c", this.folder.file("nats.conf"), "-l", this.folder.file("log")],
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#process = process;
    await poll("a broker that listens", async () => {
      using _connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
      return true;
    });
  }

  log(): Promise<string> {
    return Deno.readTextFile(this.folder.file("log"));
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.folder[Symbol.asyncDispose]();
  }

  #configuration(): string {
    const file = (name: string) => JSON.stringify(this.folder.file(name));
    return `listen: "127.0.0.1:${this.port}"
jetstream { store_dir: ${JSON.stringify(this.store)}, max_memory_store: 64MB, max_file_store: 1MB }
tls { cert_file: ${file("broker.pem")}, key_file: ${file("broker.key")}, ca_file: ${
      file("ca.pem")
    }, verify: true }
`;
  }
}

async function writeCertificate(
  folder: TemporaryFolder,
  authority: Authority,
  name: string,
  contents: Omit<Parameters<Authority["certify"]>[1], "commonName">,
): Promise<void> {
  const keys = await generateKeyPair();
  const pem = await authority.certify(keys.publicKeyInfo, { commonName: name, ...contents });
  await Deno.writeTextFile(folder.file(`${name}.pem`), pem);
  await writeSecret(folder.file(`${name}.key`), await privateKeyPem(keys));
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
