/** For tests: a call of each operation that succeeds on an AdminSetup. */
import type { Entities } from "../../registry/entities.ts";
import { edgeEntity, instant, keyEntity, pop1, put } from "../../registry/testing/entities.ts";
import type { OperationId } from "../roles.ts";
import { type AdminSetup, site } from "./admin_setup.ts";

export interface ExampleCall {
  readonly method: string;
  readonly path: (setup: AdminSetup) => string;
  readonly body?: (setup: AdminSetup) => unknown;
}

type Path = string | ((setup: AdminSetup) => string);
type Body = (setup: AdminSetup) => unknown;

const pathOf = (path: Path) => typeof path === "string" ? () => path : path;
const get = (path: Path): ExampleCall => ({ method: "GET", path: pathOf(path) });
const remove = (path: Path): ExampleCall => ({ method: "DELETE", path: pathOf(path) });
const send = (method: string, path: Path, body: Body): ExampleCall => ({ method, path: pathOf(path), body });
const post = (path: Path, body: Body = () => undefined) => send("POST", path, body);

const edgePath = `/v1/edges/${encodeURIComponent(pop1)}`;
const firstKey = ({ registry }: AdminSetup) => registry.state.list("certificate")[0]!.id.slice(0, 12);

/** A rotation that was begun, for what can be done with one. */
const rotating = (rest: string) => ({ services, registry }: AdminSetup) => {
  const [rotation] = registry.state.list("rotation");
  return `/v1/rotations/${(rotation ?? services.rotations.start({ name: site }, "test")).id}${rest}`;
};

/** A key that no name has, in some state. */
const spareKey = (state: "active" | "retired", rest: string) => ({ registry }: AdminSetup) => {
  if (registry.state.get("key", "spare") === undefined) {
    put(registry, { kind: "key", put: keyEntity("spare", { state }) });
  }
  return `/v1/keys/spare${rest}`;
};

const revoked = (rest: string) => ({ registry }: AdminSetup) => {
  if (registry.state.get("edge", pop1) === undefined) {
    put(registry, { kind: "edge", put: edgeEntity(pop1, { state: "revoked" }) });
  }
  return `${edgePath}${rest}`;
};

/** A ticket domain that no name is in. */
const ticketDomain = ({ registry }: AdminSetup) => {
  if (registry.state.get("ticket-domain", "spare") === undefined) {
    put(registry, { kind: "ticket-domain", put: { name: "spare", epoch: 1 } });
  }
  return "spare";
};

const enrolmentToken = ({ registry }: AdminSetup) => {
  const id = "0123456789abcdef";
  if (registry.state.get("enrolment-token", id) === undefined) {
    const times = { createdAt: instant, expiresAt: instant };
    put(registry, {
      kind: "enrolment-token",
      put: { id, digest: "0".repeat(64), edge: pop1, groups: [], ...times },
    });
  }
  return `/v1/enrolment-tokens/${id}`;
};

const authority = ({ registry }: AdminSetup) => {
  const [{ chain, notAfter }] = registry.state.list("certificate") as [Entities["certificate"]];
  if (registry.state.get("authority", "edges") === undefined) {
    const entity = {
      name: "edges",
      purpose: "edges",
      keyUri: "pkcs11:object=edges",
      chain,
      notAfter,
    } as const;
    put(registry, { kind: "authority", put: entity });
  }
  return "/v1/authorities/edges";
};

export const exampleCalls: Record<OperationId, ExampleCall> = {
  getStatus: get("/v1/status"),

  listNames: get("/v1/names"),
  getName: get(`/v1/names/${site}`),
  createName: post("/v1/names", () => ({ name: "api.holdfast.test" })),
  changeName: send("PATCH", `/v1/names/${site}`, () => ({ serverNames: [site, "holdfast.test"] })),
  deleteName: remove(`/v1/names/${site}`),

  listKeys: get("/v1/keys"),
  getKey: get("/v1/keys/www-ecdsa"),
  generateKey: post("/v1/keys", () => ({ name: "new", algorithm: "rsa-2048" })),
  importKeyReference: post("/v1/key-references", () => ({ name: "old", uri: "pkcs11:object=old" })),
  retireKey: post(spareKey("active", "/retire")),
  destroyKey: post(spareKey("retired", "/destroy")),

  listCertificates: get("/v1/certificates"),
  getCertificate: get((setup) => `/v1/certificates/${firstKey(setup)}`),
  requestCertificate: post("/v1/certificate-requests", () => ({ key: "www-ecdsa" })),
  installCertificate: post(`/v1/names/${site}/certificates`, ({ chain }) => ({ chain })),
  checkCertificates: post("/v1/certificate-checks", () => ({ name: site })),

  listRotations: get("/v1/rotations"),
  getRotation: get(rotating("")),
  startRotation: post("/v1/rotations", () => ({ name: site, algorithm: "rsa-2048" })),
  abortRotation: post(rotating("/abort")),
  rollBackRotation: post(rotating("/rollback")),

  listEdges: get("/v1/edges"),
  getEdge: get(edgePath),
  setEdgeGroups: send("PUT", `${edgePath}/groups`, () => ({ groups: ["europe"] })),
  revokeEdge: post(`${edgePath}/revoke`, () => ({ reason: "stolen" })),
  readmitEdge: post(revoked("/readmit"), () => ({})),
  createEnrolmentToken: post("/v1/enrolment-tokens", () => ({ edge: pop1, groups: ["europe"] })),
  listEnrolmentTokens: get("/v1/enrolment-tokens"),
  deleteEnrolmentToken: remove(enrolmentToken),

  listPermissions: get("/v1/permissions"),
  allow: post("/v1/permissions/allow", () => ({ subject: { group: "europe" }, name: site })),
  deny: post("/v1/permissions/deny", () => ({ subject: { edge: pop1 } })),
  deletePermission: remove("/v1/permissions/pop1-www"),
  explainPolicy: get(
    `/v1/policy/explanation?edge=${encodeURIComponent(pop1)}&name=${site}&operation=sign-tls13`,
  ),

  getTicketStatus: get("/v1/tickets"),
  rotateTicketKeys: post("/v1/tickets/rotate", (setup) => ({ domain: ticketDomain(setup) })),
  revokeTicketEdge: post(
    "/v1/tickets/revoke-edge",
    (setup) => ({ edge: pop1, domain: ticketDomain(setup), revoke: false }),
  ),
  listTicketDomains: get("/v1/ticket-domains"),
  createTicketDomain: post("/v1/ticket-domains", () => ({ name: "public" })),
  assignTicketDomain: send(
    "PUT",
    `/v1/names/${site}/ticket-domain`,
    (setup) => ({ domain: ticketDomain(setup) }),
  ),
  deleteTicketDomain: remove((setup) => `/v1/ticket-domains/${ticketDomain(setup)}`),

  listAuthorities: get("/v1/authorities"),
  getAuthority: get(authority),
  createAuthority: post("/v1/authorities", () => ({ purpose: "edges" })),

  tailAudit: get("/v1/audit/records?limit=5&kind=test"),
  exportAudit: get("/v1/audit/export?since=2026-01-01T00:00:00Z"),
  verifyAudit: get("/v1/audit/verification"),

  listHistory: get("/v1/history?after=0&limit=10"),
  backUp: get("/v1/backup"),
  restore: post("/v1/restore", ({ registry }) => registry.snapshot()),
};
