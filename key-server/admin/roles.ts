/** What administrators may do: each role all of the one before it, and more. */
export const roles = ["viewer", "operator", "admin"] as const;

export type Role = (typeof roles)[number];

/**
 * Which role each operation of the API needs, by its id in the OpenAPI document. An operation that is not here is
 * not served: `admin_route.ts` takes its role from this table.
 *
 * Viewers read. Operators do the weekly work on keys, certificates and edges. Admins do what cannot be taken back or
 * cuts somebody off.
 */
export const roleOf = {
  getStatus: "viewer",

  listNames: "viewer",
  getName: "viewer",
  createName: "operator",
  changeName: "operator",
  deleteName: "admin",

  listKeys: "viewer",
  getKey: "viewer",
  generateKey: "operator",
  importKeyReference: "operator",
  retireKey: "admin",
  destroyKey: "admin",

  listCertificates: "viewer",
  getCertificate: "viewer",
  checkCertificates: "viewer",
  requestCertificate: "operator",
  installCertificate: "operator",

  listRotations: "viewer",
  getRotation: "viewer",
  startRotation: "operator",
  abortRotation: "operator",
  rollBackRotation: "operator",

  listEdges: "viewer",
  getEdge: "viewer",
  createEnrolmentToken: "operator",
  listEnrolmentTokens: "viewer",
  deleteEnrolmentToken: "operator",
  setEdgeGroups: "admin",
  revokeEdge: "admin",
  readmitEdge: "admin",

  listPermissions: "viewer",
  allow: "operator",
  deny: "admin",
  deletePermission: "admin",
  explainPolicy: "viewer",

  getTicketStatus: "viewer",
  rotateTicketKeys: "operator",
  revokeTicketEdge: "admin",
  listTicketDomains: "viewer",
  createTicketDomain: "operator",
  assignTicketDomain: "operator",
  deleteTicketDomain: "admin",

  listAuthorities: "viewer",
  getAuthority: "viewer",
  createAuthority: "admin",

  tailAudit: "viewer",
  exportAudit: "viewer",
  verifyAudit: "viewer",

  listHistory: "viewer",
  backUp: "admin",
  restore: "admin",
} as const satisfies Record<string, Role>;

export type OperationId = keyof typeof roleOf;

/** Whether who has `role` may do what needs `needed`. */
export function permitsRole(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
