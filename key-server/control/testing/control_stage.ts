/** For tests: a key server's control service on a unix socket, over a registry in memory. */
import { createServer, type Server } from "node:net";
import { Authority } from "../../../certs/authority.ts";
import { createLogger } from "../../../shared/log.ts";
import { Metrics } from "../../../shared/metrics.ts";
import { TemporaryFolder } from "../../../test/harness/temporary_folder.ts";
import type { SqliteRegistry } from "../../registry/sqlite_registry.ts";
import {
  certifiedKey,
  nameEntity,
  openRegistry,
  permissionEntity,
  pop1,
  put,
} from "../../registry/testing/entities.ts";
import { ControlService } from "../control_service.ts";
import { ControlClient } from "./control_client.ts";

export const silent = createLogger("test", "silent");
const quick = { hello: 10_000, ping: 10_000, write: 30_000 };

/** A registry, its control service on a unix socket, and edges that dial it. */
export class ControlStage implements AsyncDisposable {
  readonly metrics = new Metrics();
  protocolErrors = 0;
  readonly clients: ControlClient[] = [];
  #server: Server | undefined;
  service: ControlService;

  private constructor(
    readonly folder: TemporaryFolder,
    readonly registry: SqliteRegistry,
    grace: number,
    timing = quick,
  ) {
    this.service = new ControlService({
      registry,
      config: { edgeGrace: grace },
      metrics: this.metrics,
      protocolError: () => this.protocolErrors++,
      log: silent,
      timing,
    });
  }

  static async set(
    { grace = 60_000, timing = quick, registry = openRegistry(), edge = pop1 } = {},
  ): Promise<ControlStage> {
    const stage = new ControlStage(await TemporaryFolder.create(), registry, grace, timing);
    stage.#server = createServer((socket) => {
      socket.on("error", () => {});
      stage.service.open(socket, { name: edge, notAfter: undefined });
    });
    await new Promise<void>((resolve) => stage.#server!.listen(stage.path, resolve));
    return stage;
  }

  get path(): string {
    return this.folder.file("control.sock");
  }

  get lineage(): string {
    return this.registry.lineage;
  }

  async dial(): Promise<ControlClient> {
    const client = await ControlClient.dialUnix(this.path);
    this.clients.push(client);
    return client;
  }

  /** A name with a certificate and a permission for pop1. */
  async addName(name: string, serverName = `${name}.holdfast.test`): Promise<number> {
    const authority = await Authority.createRoot("Test CA");
    const { certificate, key } = await certifiedKey(authority, name, [serverName]);
    return put(
      this.registry,
      { kind: "key", put: key },
      { kind: "certificate", put: certificate },
      {
        kind: "name",
        put: nameEntity(name, {
          serverNames: [serverName],
          bindings: [{ key: key.name, certificate: certificate.id, phase: "active" }],
        }),
      },
      { kind: "permission", put: permissionEntity(`pop1-${name}`, { name }) },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client[Symbol.dispose]();
    this.service[Symbol.dispose]();
    await new Promise((resolve) => this.#server!.close(resolve));
    this.registry[Symbol.dispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}
