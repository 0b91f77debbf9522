import { join } from "node:path";
import { stringify } from "smol-toml";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { writeIdentity, writePublic, writeRoots } from "../../certs/write.ts";
import { formatAddress, type TcpAddress } from "../../shared/config/address.ts";
import { type ConfigTable, patched } from "./config_patch.ts";
import { type CertificateSource, edgeConfig, keyServerConfig } from "./default_configs.ts";
import { edgeIdentity, keyServerName } from "./identities.ts";
import { ProductProcess } from "./processes/product_process.ts";
import { type KeySpec, SoftHsmToken, type TokenKey } from "./token/softhsm_token.ts";

/** The ports of the first key server, edge and backend; further ones follow at a distance of 10. */
export interface Ports {
  readonly keyServer: number;
  readonly keyServerAdmin: number;
  readonly edge: number;
  readonly edgeAdmin: number;
  readonly backend: number;
}

export const usualPorts: Ports = {
  keyServer: 4433,
  keyServerAdmin: 9443,
  edge: 8443,
  edgeAdmin: 9444,
  backend: 8080,
};

export interface InstallationOptions {
  /** An existing folder of mode 0700; everything is written there. */
  readonly folder: string;
  readonly host: string;
  readonly ports?: Ports;
  /** The names of the one site; the first is what clients ask for. */
  readonly names?: readonly [string, ...string[]];
  /** Unless told: `www-ecdsa` and `www-rsa`, generated in the token. Each gets a chain `NAME.pem`. */
  readonly keys?: readonly KeySpec[];
  /** SoftHSM's, unless told; the maker's to dispose. */
  readonly makeToken?: (folder: string, keys: readonly KeySpec[]) => Promise<InstalledToken>;
}

/** What an installation needs to know of its token, whatever makes it. */
export interface InstalledToken {
  /** Where its objects are. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly label: string;
  readonly uri: string;
  readonly modulePath: string;
  readonly pinFile: string;
  readonly keys: readonly TokenKey[];
}

/** Starts of one process: which one of its kind, and what its configuration says otherwise. */
export interface StartOptions {
  readonly index?: number;
  readonly patch?: ConfigTable;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether to wait for its readiness; true unless told. */
  readonly wait?: boolean;
}

export interface EdgeStartOptions extends StartOptions {
  /** The edge's short name; its identity is `spiffe://holdfast.test/edge/NAME`. Only pop1 is granted anything. */
  readonly name?: string;
  /** Files, unless told. */
  readonly certificates?: CertificateSource;
}

/**
 * What an operator would have installed: a token with keys, a PKI, configuration files, on one address. It starts any
 * number of key servers and edges on them; those are the caller's to dispose.
 */
export class Installation {
  private constructor(
    readonly folder: string,
    readonly host: string,
    readonly ports: Ports,
    readonly names: readonly [string, ...string[]],
    readonly token: InstalledToken,
    readonly pki: DevelopmentPki,
  ) {}

  static async create(options: InstallationOptions): Promise<Installation> {
    const { folder, host, ports = usualPorts, names = ["www.holdfast.test"] } = options;
    const { keys = [{ name: "www-ecdsa", type: "ecdsa-p256" }, { name: "www-rsa", type: "rsa-2048" }] } =
      options;
    const { makeToken = SoftHsmToken.create } = options;
    const [token, pki] = await Promise.all([makeToken(folder, keys), DevelopmentPki.create()]);
    for (const { name, publicKeyInfo, decrypts = false } of token.keys) {
      const certificate = await pki.siteCertificate(publicKeyInfo, names, { keyEncipherment: decrypts });
      await writePublic(join(folder, `${name}.pem`), certificate);
    }
    await writeRoots(folder, pki);
    await writeIdentity(folder, "key-server", await pki.keyServerIdentity(keyServerName));
    return new Installation(folder, host, ports, names, token, pki);
  }

  /** A path in its folder. */
  file(name: string): string {
    return join(this.folder, name);
  }

  address(part: keyof Ports, index = 0): TcpAddress {
    return { host: this.host, port: this.ports[part] + 10 * index };
  }

  /** Starts a key server on the token, with a grant for the edge pop1. */
  async startKeyServer(
    { index = 0, patch = {}, env = {}, wait = true }: StartOptions = {},
  ): Promise<ProductProcess> {
    const config = this.file(`key-server-${index}.toml`);
    await writePublic(config, stringify(patched(keyServerConfig(this, index), patch)));
    const admin = this.address("keyServerAdmin", index);
    return await start({ command: "key-server", config, admin, env: { ...this.token.env, ...env } }, wait);
  }

  /** Starts an edge that asks the first key server, unless the patch names others. */
  async startEdge(options: EdgeStartOptions = {}): Promise<ProductProcess> {
    const { index = 0, patch = {}, env = {}, wait = true, name = "pop1", certificates } = options;
    const config = this.file(`edge-${name}-${index}.toml`);
    await writeIdentity(this.folder, `edge-${name}`, await this.pki.edgeIdentity(edgeIdentity(name)));
    await writePublic(config, stringify(patched(edgeConfig(this, name, index, certificates), patch)));
    return await start({ command: "edge", config, admin: this.address("edgeAdmin", index), env }, wait);
  }

  /** A `[[key_server]]` table for an edge's configuration. */
  keyServerEntry(index = 0): ConfigTable {
    return {
      address: formatAddress(this.address("keyServer", index)),
      name: keyServerName,
      ca: "key-server-ca.pem",
    };
  }
}

async function start(
  options: Parameters<typeof ProductProcess.launch>[0],
  wait: boolean,
): Promise<ProductProcess> {
  return wait ? await ProductProcess.start(options) : ProductProcess.launch(options);
}
