/** What administrators may do: each role all of the one before it, and more. */
export const roles = ["viewer", "operator", "admin"] as const;

export type Role = (typeof roles)[number];

/**
 * Which role each operation of the API needs, by its id in the OpenAPI document. An operation that is not here is
 * not served: `admin_route.ts` takes its role from this table.
 *
 * Viewers read. Operators do what the life of a key needs every week and what can be taken back. Admins do what
 * cannot be taken back, and what widens who may use a key.
 */
export const roleOf = {
  getStatus: "viewer",
  listNames: "viewer",
  getName: "viewer",
  listKeys: "viewer",
  getKey: "viewer",
  listCertificates: "viewer",
  getCertificate: "viewer",
  listEdges: "viewer",
  getEdge: "viewer",
} as const satisfies Record<string, Role>;

export type OperationId = keyof typeof roleOf;

/** Whether who has `role` may do what needs `needed`. */
export function permitsRole(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
