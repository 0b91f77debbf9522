import type { Endpoint } from "./clients/negotiated.ts";
import type { ConfigTable } from "./config_patch.ts";
import type { CertificateSource } from "./default_configs.ts";
import { HttpBackend } from "./http_backend.ts";
import { Installation, type InstallationOptions } from "./installation.ts";
import { ownLoopbackAddress } from "./loopback.ts";
import type { ProductProcess } from "./processes/product_process.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

export interface SystemOptions extends Partial<InstallationOptions> {
  /** Laid over the usual configuration of the key server, and of the edge. */
  readonly keyServer?: ConfigPatch;
  readonly edge?: ConfigPatch;
  /** Where the edge has its certificates from: files, unless told. */
  readonly certificates?: CertificateSource;
  /** Done before anything starts: files that the configuration names. */
  readonly prepare?: (installation: Installation) => Promise<void>;
}

/** A patch, or how to make it once the installation's addresses and files are known. */
export type ConfigPatch = ConfigTable | ((installation: Installation) => ConfigTable);

function patchFor(installation: Installation, patch: ConfigPatch): ConfigTable {
  return typeof patch === "function" ? patch(installation) : patch;
}

/** A whole Holdfast: token, PKI, key server, edge and backend, each started and ready. */
export class System implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;

  private constructor(
    readonly installation: Installation,
    readonly backend: HttpBackend,
    readonly keyServer: ProductProcess,
    readonly edge: ProductProcess,
    parts: AsyncDisposableStack,
  ) {
    this.#parts = parts;
  }

  static async start(options: SystemOptions = {}): Promise<System> {
    await using parts = new AsyncDisposableStack();
    const { keyServer: keyServerPatch = {}, edge: edgePatch = {} } = options;
    const folder = options.folder ?? parts.use(await TemporaryFolder.create()).path;
    const installation = await Installation.create({ host: ownLoopbackAddress(), ...options, folder });
    await options.prepare?.(installation);
    const backend = parts.use(HttpBackend.start(installation.address("backend")));
    const keyServer = parts.use(
      await installation.startKeyServer({ patch: patchFor(installation, keyServerPatch) }),
    );
    const { certificates = "files" } = options;
    const edge = parts.use(
      await installation.startEdge({ patch: patchFor(installation, edgePatch), certificates }),
    );
    return new System(installation, backend, keyServer, edge, parts.move());
  }

  /** Where and as whom clients reach the edge. */
  get endpoint(): Endpoint {
    return {
      ...this.installation.address("edge"),
      serverName: this.installation.names[0],
      rootFile: this.installation.file("web-root.pem"),
    };
  }

  /** Signatures of one kind that the key server has given so far, by its own counter. */
  signatures(operation: "sign-tls13" | "sign-tls12" = "sign-tls13"): Promise<number> {
    return this.keyServer.metric("holdfast_key_server_operations_total", { operation, result: "ok" });
  }

  /** What both processes have logged. */
  get logs(): string {
    return [this.keyServer, this.edge].map(({ name, lines }) => [`--- ${name}`, ...lines].join("\n")).join(
      "\n",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

/** Starts everything for one test and ends it after; when the test fails, both processes' logs are in the error. */
export async function withSystem(
  options: SystemOptions,
  run: (system: System) => Promise<void>,
): Promise<void> {
  await using system = await System.start(options);
  try {
    await run(system);
  } catch (error) {
    if (error instanceof Error) error.message += `\n${system.logs}`;
    throw error;
  }
}
