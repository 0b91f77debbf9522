import { join } from "node:path";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { writeIdentity, writePublic, writeSecret } from "../../certs/write.ts";
import { poll } from "./poll.ts";
import { ChildProcess } from "./processes/child_process.ts";

export interface PebbleOptions {
  /** An existing folder; its configuration is written there. */
  readonly folder: string;
  /** A loopback address that is nobody else's; every host name resolves to it. */
  readonly host: string;
  /** Where challenges by tls-alpn-01 are looked for, on that address. */
  readonly tlsPort: number;
  /** Whether accounts need an external binding; then `externalKey` is one. */
  readonly externalAccounts?: boolean;
}

/** An external account that the CA knows. */
export const externalKey = {
  id: "kid-1",
  hmac: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
};

/** Debian's pebble, an ACME CA for tests, with a name server of its own. */
export class Pebble implements AsyncDisposable {
  readonly #children: AsyncDisposableStack;

  private constructor(
    /** Of its directory. */
    readonly url: string,
    /** PEM of the authority that certified its own HTTPS server. */
    readonly caFile: string,
    readonly management: string,
    children: AsyncDisposableStack,
  ) {
    this.#children = children;
  }

  static async start(options: PebbleOptions): Promise<Pebble> {
    const { folder, host } = options;
    await using children = new AsyncDisposableStack();
    const caFile = join(folder, "pebble-ca.pem");
    const config = await writeConfig(options, caFile);
    children.use(
      new ChildProcess({
        name: "pebble-challtestsrv",
        command: "pebble-challtestsrv",
        args: [
          "-dns01",
          `${host}:8053`,
          "-defaultIPv4",
          host,
          "-defaultIPv6",
          "",
          "-management",
          `${host}:8055`,
        ]
          .concat("-http01", "", "-https01", "", "-tlsalpn01", ""),
      }),
    );
    const pebble = children.use(
      new ChildProcess({
        name: "pebble",
        command: "pebble",
        args: ["-config", config, "-dnsserver", `${host}:8053`],
        env: { PEBBLE_VA_NOSLEEP: "1" },
      }),
    );
    const url = `https://${host}:14000/dir`;
    const started = new Pebble(url, caFile, `https://${host}:15000`, children.move());
    await poll("pebble's directory", () => started.#get(url)).catch((error) => {
      throw new Error(pebble.lines.join("\n"), { cause: error });
    });
    return started;
  }

  /** The root of what it certifies, in PEM; another at each start. */
  root(): Promise<string> {
    return this.#get(`${this.management}/roots/0`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#children.disposeAsync();
  }

  async #get(url: string): Promise<string> {
    using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(this.caFile)] });
    const response = await fetch(url, { client });
    return await response.text();
  }
}

async function writeConfig(
  { folder, host, tlsPort, externalAccounts = false }: PebbleOptions,
  caFile: string,
): Promise<string> {
  const pki = await DevelopmentPki.create();
  await writePublic(caFile, pki.keyServers.certificatePem);
  await writeIdentity(folder, "pebble", await pki.keyServerIdentity("pebble", { ipAddresses: [host] }));
  const config = join(folder, "pebble.json");
  await writeSecret(
    config,
    JSON.stringify({
      pebble: {
        listenAddress: `${host}:14000`,
        managementListenAddress: `${host}:15000`,
        certificate: join(folder, "pebble.pem"),
        privateKey: join(folder, "pebble.key"),
        httpPort: 5002,
        tlsPort,
        ocspResponderURL: "",
        externalAccountBindingRequired: externalAccounts,
        ...(externalAccounts ? { externalAccountMACKeys: { [externalKey.id]: externalKey.hmac } } : {}),
      },
    }),
  );
  return config;
}
