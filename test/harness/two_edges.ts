import { ApiClient, pathOf } from "../../key-server/admin/client/api_client.ts";
import type { Endpoint } from "./clients/negotiated.ts";
import type { ConfigTable } from "./config_patch.ts";
import type { ProductProcess } from "./processes/product_process.ts";
import { type System, withSystem } from "./system.ts";

const site = "www.holdfast.test";

/** Two edges that share ticket keys of the domain `public` for their one site; `patch` is laid over both. */
export async function withTwoEdges(
  patch: ConfigTable,
  run: (system: System, second: ProductProcess, api: ApiClient) => Promise<void>,
): Promise<void> {
  await withSystem({
    keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }],
    certificates: "pushed",
    keyServer: { registry: { path: "registry.sqlite" }, admin_api: { unix: "admin.sock" } },
    edge: patch,
  }, async (system) => {
    const api = await ApiClient.open({ socket: system.installation.file("admin.sock") });
    await api.post("/v1/ticket-domains", { name: "public" });
    await api.put(pathOf`/v1/names/${site}/ticket-domain`, { domain: "public" });
    await using second = await system.installation.startEdge({ index: 1, certificates: "pushed", patch });
    try {
      await run(system, second, api);
    } catch (error) {
      if (error instanceof Error) error.message += `\n--- second edge\n${second.lines.join("\n")}`;
      throw error;
    }
  });
}

/** Where clients reach the first edge, and the second. */
export function endpointsOf({ endpoint, installation }: System): readonly [Endpoint, Endpoint] {
  return [endpoint, { ...endpoint, ...installation.address("edge", 1) }];
}
