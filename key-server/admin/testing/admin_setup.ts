/** For tests: an admin API without a socket, over a registry in memory. */
import { Authority } from "../../../certs/authority.ts";
import { createLogger } from "../../../shared/log.ts";
import { derToPem } from "../../../shared/libcrypto/x509.ts";
import type { AuditEvent } from "../../audit/audit_log.ts";
import { genesisHash } from "../../audit/chained_line.ts";
import type { EdgeRollout } from "../../control/edge_rollout.ts";
import {
  certifiedKey,
  nameEntity,
  openRegistry,
  permissionEntity,
  pop1,
  put,
} from "../../registry/testing/entities.ts";
import { type AdminApp, adminApp } from "../admin_app.ts";
import type { Administrator } from "../administrators.ts";
import { snapshotContentType } from "../snapshot_content_type.ts";
import type { Role } from "../roles.ts";
import { EdgePermissions } from "../../control/edge_permissions.ts";
import { Metrics } from "../../../shared/metrics.ts";
import { LocalHubState } from "../../ticket_hub/local_hub_state.ts";
import { TicketHub } from "../../ticket_hub/ticket_hub.ts";
import type { AdminServices } from "../services.ts";
import { keyManagementDouble, rotationsDouble } from "./service_doubles.ts";

export const site = "www.holdfast.test";

/** A registry with one name, its key, its certificate and an edge that may use it; and who is connected. */
export class AdminSetup {
  readonly events: AuditEvent[] = [];
  readonly edges: EdgeRollout[] = [];
  readonly registry = openRegistry();
  readonly tickets = new TicketHub({
    registry: this.registry,
    permissions: () => new EdgePermissions(this.registry.state),
    grace: 60_000,
    state: new LocalHubState(),
    metrics: new Metrics(),
    log: createLogger("test", "silent"),
  });
  readonly services: AdminServices;
  readonly app: AdminApp;

  /** PEM, leaf first, of a certificate for the key that `site` has. */
  chain = "";

  private constructor(changes: Partial<AdminServices>) {
    this.services = {
      registry: this.registry,
      rollout: { edges: this.edges, behind: () => [], watch: () => ({ [Symbol.dispose]() {} }) },
      tickets: this.tickets,
      keyManagement: keyManagementDouble(this.registry),
      rotations: rotationsDouble(this.registry),
      explain: ({ serverName = site }) => ({ allowed: true, verdict: "allowed", serverName, steps: [] }),
      enrolmentAuthorities: () => [new Uint8Array(40).fill(7)],
      // A folder without any file of a log; `cli/audit_test.ts` has one with a log in it.
      auditTrail: { folder: import.meta.dirname!, head: () => ({ n: 0, hash: genesisHash }) },
      audit: { record: (event) => void this.events.push(event), flush: () => {}, failure: undefined },
      log: createLogger("test", "silent"),
      keyHealth: () => ({ loaded: true, problem: undefined, signatureSchemes: ["ecdsa_secp256r1_sha256"] }),
      tokens: () => [{ label: "holdfast", keys: 1, problem: undefined }],
      startedAt: new Date(),
      ...changes,
    };
    this.app = adminApp(this.services);
  }

  static async create(changes: Partial<AdminServices> = {}): Promise<AdminSetup> {
    const setup = new AdminSetup(changes);
    const authority = await Authority.createRoot("Test Web Root");
    const { key, certificate } = await certifiedKey(authority, "www-ecdsa", [site]);
    setup.chain = certificate.chain.map((der) => derToPem(Uint8Array.fromBase64(der))).join("");
    const binding = { key: key.name, certificate: certificate.id, phase: "active" } as const;
    put(
      setup.registry,
      { kind: "key", put: key },
      { kind: "certificate", put: certificate },
      { kind: "name", put: nameEntity(site, { serverNames: [site], bindings: [binding] }) },
      { kind: "permission", put: permissionEntity("pop1-www", { name: site, subject: { edge: pop1 } }) },
    );
    const connected = { connected: true, since: new Date(), software: "holdfast/1", problems: new Map() };
    setup.edges.push({ edge: pop1, acknowledgedVersion: 1, ...connected });
    return setup;
  }

  /** A call by somebody of a role; undefined: by a stranger. */
  async call(
    role: Role | undefined,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer> {
    const administrator: Administrator = { name: role === undefined ? "uid:1000" : `cn:${role}`, role };
    const init = body === undefined
      ? { method }
      : body instanceof Uint8Array
      ? { method, body: body as BodyInit, headers: { "content-type": snapshotContentType } }
      : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await this.app.request(`http://holdfast${path}`, init, { administrator });
    const type = response.headers.get("content-type");
    const answer = type?.includes("json") && !type.includes("ndjson")
      ? await response.json()
      : await response.bytes();
    return { status: response.status, type, body: answer };
  }
}

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  // deno-lint-ignore no-explicit-any -- each test looks at what it expects
  readonly body: any;
}
