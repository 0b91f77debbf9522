import { ApiClient, pathOf } from "../../key-server/admin/client/api_client.ts";
import type { RotationStep } from "../../key-server/registry/entities/rotation.ts";
import { writeIdentity, writePublic } from "../../certs/write.ts";
import { formatAddress } from "../../shared/config/address.ts";
import { LoadProgram } from "../bench/load/load_program.ts";
import type { PacedLoad } from "../bench/load/paced_load.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { edgeIdentity, keyServerName } from "../harness/identities.ts";
import { Installation } from "../harness/installation.ts";
import { ownLoopbackAddress } from "../harness/loopback.ts";
import { poll } from "../harness/poll.ts";
import type { ProductProcess } from "../harness/processes/product_process.ts";
import { TemporaryFolder } from "../harness/temporary_folder.ts";

export const site = "www.holdfast.test";
export const edgeNames = ["pop1", "pop2"] as const;
const follower = "spiffe://holdfast.test/key-server/2";
const administrators = [{ uid: Deno.uid()!, role: "admin" }];

export interface Rotation {
  readonly id: string;
  readonly step: RotationStep;
  readonly stepSince: string;
  readonly newKey?: string;
  readonly newCertificate?: string;
  readonly problem?: string;
}

export interface StageOptions {
  /** One key server, or two of which the second follows the first's registry. */
  readonly keyServers: 1 | 2;
  /**
   * Milliseconds that an edge waits for a signature, and that the key server lets it: while the only key server is away,
   * and for what has piled up meanwhile.
   */
  readonly keyOperationDeadline: number;
  /** Milliseconds that replaced keys answer after the switch. */
  readonly drainTime: number;
}

/**
 * What is accepted: a token, key servers with registry, admin API and audit log, and two edges that are pushed their
 * certificates.
 */
export class AcceptanceStage implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;

  private constructor(
    readonly installation: Installation,
    readonly keyServers: readonly ProductProcess[],
    readonly edges: readonly ProductProcess[],
    readonly api: ApiClient,
    readonly load: LoadProgram,
    parts: AsyncDisposableStack,
  ) {
    this.#parts = parts;
  }

  static async start(
    { keyServers: count, keyOperationDeadline, drainTime }: StageOptions,
  ): Promise<AcceptanceStage> {
    await using parts = new AsyncDisposableStack();
    const load = await LoadProgram.build();
    const { path: folder } = parts.use(await TemporaryFolder.create());
    const keys = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
    const installation = await Installation.create({ folder, host: ownLoopbackAddress(), keys });
    parts.use(await load.startBackend(installation.address("backend")));
    const identity = await installation.pki.edgeIdentity(follower);
    await writeIdentity(folder, "follower", identity);
    const keyServers: ProductProcess[] = [];
    for (let index = 0; index < count; index++) {
      const patch = keyServerPatch(installation, index, { keyOperationDeadline, drainTime });
      keyServers.push(parts.use(await installation.startKeyServer({ index, patch })));
    }
    const api = await ApiClient.open({ socket: installation.file("admin-0.sock") });
    const { chain } = await api.post<{ chain: string }>("/v1/authorities", { purpose: "development" });
    const roots = installation.pki.webRoot.certificatePem + chain;
    await writePublic(installation.file("roots.pem"), roots);
    const edges: ProductProcess[] = [];
    for (const [index, name] of edgeNames.entries()) {
      const patch = {
        key_server: keyServers.map((_, server) => installation.keyServerEntry(server)),
        limits: {
          key_operation_deadline_ms: keyOperationDeadline,
          handshake_deadline_ms: keyOperationDeadline + 5000,
        },
        log: { level: "info" },
      };
      edges.push(parts.use(await installation.startEdge({ index, name, certificates: "pushed", patch })));
    }
    return new AcceptanceStage(installation, keyServers, edges, api, load, parts.move());
  }

  get keyServer(): ProductProcess {
    return this.keyServers[0]!;
  }

  /** Load on one edge. */
  loadOn(index: number, rate: number): Promise<PacedLoad> {
    const target = { ...this.installation.address("edge", index), serverName: site };
    return this.load.paced(target, { rate, trust: this.installation.file("roots.pem") });
  }

  rotate(algorithm: string): Promise<Rotation> {
    const request = { name: site, algorithm, issuer: "development", destroys: true };
    return this.api.post<Rotation>("/v1/rotations", request);
  }

  async reaches({ id }: Pick<Rotation, "id">, ...steps: readonly RotationStep[]): Promise<Rotation> {
    let last: Rotation | undefined;
    try {
      return await poll(`the step ${steps}`, async () => {
        last = await this.api.get<Rotation>(pathOf`/v1/rotations/${id}`);
        return steps.includes(last.step) && last;
      }, 120_000);
    } catch (error) {
      throw new Error(`the rotation stands at ${JSON.stringify(last)}`, { cause: error });
    }
  }

  async serialOf(certificate: string): Promise<string> {
    const found = await this.api.get<{ serialNumber: string }>(pathOf`/v1/certificates/${certificate}`);
    return found.serialNumber.toLowerCase();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function keyServerPatch(
  { host, ports, token }: Installation,
  index: number,
  { keyOperationDeadline, drainTime }: Omit<StageOptions, "keyServers">,
): ConfigTable {
  const primary = {
    path: "registry-0.sqlite",
    followers: [follower],
  };
  const replica = {
    path: "registry-1.sqlite",
    follow: {
      address: formatAddress({ host, port: ports.keyServer }),
      name: keyServerName,
      ca: "key-server-ca.pem",
      certificate: "follower.pem",
      private_key: "follower.key",
    },
  };
  return {
    registry: index === 0 ? primary : replica,
    admin_api: { unix: `admin-${index}.sock`, administrator: administrators },
    audit: { folder: `audit-${index}`, key: `pkcs11:object=audit-${index}`, checkpoint_every_s: 5 },
    rotation: { drain_ms: drainTime },
    limits: { request_deadline_ms: keyOperationDeadline },
    grant: edgeNames.flatMap((edge) =>
      token.keys.map(({ name }) => ({ edge: edgeIdentity(edge), key: name, operations: ["sign-tls13"] }))
    ),
    log: { level: "info" },
  };
}
