/** For tests: a key server in a process of its own, on a SoftHSM token, and edges that speak to it. */
import type { Identity } from "../certs/dev_pki.ts";
import type { KeylessRequest, SignTls13Request } from "../shared/keyless_protocol/operations.ts";
import { parseCertificate, pemToDer } from "../shared/libcrypto/x509.ts";
import { SignatureScheme } from "../shared/tls_constants.ts";
import type { ConfigTable } from "../test/harness/config_patch.ts";
import { edgeIdentity } from "../test/harness/identities.ts";
import { Installation } from "../test/harness/installation.ts";
import { ownLoopbackAddress } from "../test/harness/loopback.ts";
import type { ProductProcess } from "../test/harness/processes/product_process.ts";
import { TemporaryFolder } from "../test/harness/temporary_folder.ts";
import type { KeySpec } from "../test/harness/token/softhsm_token.ts";
import { TestClient } from "./test_client.ts";

export interface SetupOptions {
  readonly keys?: readonly KeySpec[];
  readonly patch?: ConfigTable | ((installation: Installation) => ConfigTable | Promise<ConfigTable>);
  /** For the key server's environment; asked after `patch`. */
  readonly env?: () => Record<string, string>;
}

const twoKeys: readonly KeySpec[] = [
  { name: "www-ecdsa", type: "ecdsa-p256" },
  { name: "www-rsa", type: "rsa-2048" },
];

export class KeyServerSetup implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;

  private constructor(
    readonly installation: Installation,
    readonly server: ProductProcess,
    parts: AsyncDisposableStack,
  ) {
    this.#parts = parts;
  }

  static async start({ keys = twoKeys, patch = {}, env }: SetupOptions = {}): Promise<KeyServerSetup> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(await TemporaryFolder.create()).path;
    const installation = await Installation.create({ folder, host: ownLoopbackAddress(), keys });
    const table = typeof patch === "function" ? await patch(installation) : patch;
    const server = parts.use(await installation.startKeyServer({ patch: table, env: env?.() ?? {} }));
    return new KeyServerSetup(installation, server, parts.move());
  }

  /** An edge's identity as the development PKI issues it. */
  identity(name = "pop1"): Promise<Identity> {
    return this.installation.pki.edgeIdentity(edgeIdentity(name));
  }

  /** A connection of the edge pop1, or of another. */
  async dial(identity?: Identity, alpn?: readonly string[]): Promise<TestClient> {
    return await TestClient.dial({
      address: this.installation.address("keyServer"),
      ca: this.installation.pki.keyServers.certificatePem,
      identity: identity ?? await this.identity(),
      ...(alpn === undefined ? {} : { alpn }),
    });
  }

  /** DER of a key's leaf certificate. */
  async leaf(keyName: string): Promise<Uint8Array> {
    const [leaf] = pemToDer(await Deno.readTextFile(this.installation.file(`${keyName}.pem`)));
    return leaf!;
  }

  /** A request in hash form for a key, with the first name of the site. */
  async request(keyName = "www-ecdsa", changes: Partial<SignTls13Request> = {}): Promise<SignTls13Request> {
    const { subjectKeyIdentifier, keyType } = parseCertificate(await this.leaf(keyName));
    return {
      operation: "sign-tls13",
      role: "server",
      subjectKeyIdentifier,
      serverName: this.installation.names[0],
      deadline: 5000,
      signatureScheme: keyType === "rsa"
        ? SignatureScheme.rsa_pss_rsae_sha256
        : SignatureScheme.ecdsa_secp256r1_sha256,
      transcript: { form: "hash", transcriptHash: new Uint8Array(32).fill(7) },
      ...changes,
    };
  }

  /** How often an operation had a result, by the server's own counter. */
  counted(operation: KeylessRequest["operation"] | "unknown", result: string): Promise<number> {
    return this.server.metric("holdfast_key_server_operations_total", { operation, result });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}
