import { formatAddress } from "../../../shared/config/address.ts";
import type { Installation } from "../../harness/installation.ts";
import type { ProductProcess } from "../../harness/processes/product_process.ts";
import { withDescendants } from "../measure/cpu_time.ts";
import { type CertificateName, certificates, type Contender, type Roles, type Setup } from "./contender.ts";
import { siteName } from "./site.ts";

/** Bytes of a block of the locked pool (`shared/memory/locked_pool.ts`). */
const blockBytes = 64;

/** An edge and its key server beside SoftHSM. */
export class Edge implements Contender {
  readonly name = "edge";

  private constructor(
    readonly installation: Installation,
    readonly keyServer: ProductProcess,
    readonly edge: ProductProcess,
  ) {}

  static async start(installation: Installation, { workers, logs }: Setup): Promise<Edge> {
    const log = { level: logs ? "info" : "warn" };
    const keyServer = await installation.startKeyServer({ patch: { log } });
    try {
      const edge = await installation.startEdge({
        patch: {
          workers,
          log,
          site: certificates.map((certificate) => ({
            names: [siteName(certificate)],
            certificates: [`${certificate}.pem`],
            backend: formatAddress(installation.address("backend")),
          })),
          tls: { groups: ["x25519", "secp256r1"] },
        },
      });
      return new Edge(installation, keyServer, edge);
    } catch (error) {
      await keyServer.stop();
      throw error;
    }
  }

  target(certificate: CertificateName) {
    return { ...this.installation.address("edge"), serverName: siteName(certificate) };
  }

  async roles(): Promise<Roles> {
    return {
      terminator: await withDescendants(this.edge.pid),
      keyServer: await withDescendants(this.keyServer.pid),
    };
  }

  async pooledBytes(): Promise<number> {
    return await this.edge.metric("holdfast_pool_blocks_used") * blockBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.edge.stop();
    await this.keyServer.stop();
  }
}
