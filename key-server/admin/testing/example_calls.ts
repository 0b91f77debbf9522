/** For tests: a call of each operation that succeeds on an AdminSetup. */
import { pop1 } from "../../registry/testing/entities.ts";
import type { OperationId } from "../roles.ts";
import { type AdminSetup, site } from "./admin_setup.ts";

export interface ExampleCall {
  readonly method: string;
  readonly path: (setup: AdminSetup) => string;
  readonly body?: (setup: AdminSetup) => unknown;
}

const get = (path: string | ((setup: AdminSetup) => string)): ExampleCall => ({
  method: "GET",
  path: typeof path === "string" ? () => path : path,
});

export const exampleCalls: Record<OperationId, ExampleCall> = {
  getStatus: get("/v1/status"),
  listNames: get("/v1/names"),
  getName: get(`/v1/names/${site}`),
  listKeys: get("/v1/keys"),
  getKey: get("/v1/keys/www-ecdsa"),
  listCertificates: get("/v1/certificates"),
  getCertificate: get(({ registry }) =>
    `/v1/certificates/${registry.state.list("certificate")[0]!.id.slice(0, 12)}`
  ),
  listEdges: get("/v1/edges"),
  getEdge: get(`/v1/edges/${encodeURIComponent(pop1)}`),
};
