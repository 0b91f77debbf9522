import type { PermissionEntity } from "../../registry/entities/permission.ts";
import type { RegistryState } from "../../registry/registry.ts";
import { notFound } from "../errors.ts";
import type { Changed } from "../schemas/common.ts";
import type { Allow, Deny } from "../schemas/policy.ts";
import type { AdminServices } from "../services.ts";

export function listPermissions({ registry }: AdminServices): readonly PermissionEntity[] {
  return registry.state.list("permission");
}

export function allow(services: AdminServices, request: Allow, author: string): PermissionEntity {
  return enter(services, { ...request, effect: "allow" }, author);
}

/** Wins over everything that is allowed. */
export function deny(services: AdminServices, request: Deny, author: string): PermissionEntity {
  return enter(services, { ...request, effect: "deny", transcript: "hash" }, author);
}

export function deletePermission({ registry }: AdminServices, id: string, author: string): Changed {
  if (registry.state.get("permission", id) === undefined) {
    throw notFound("delete a permission", "permission", id);
  }
  const reason = `delete the permission ${id}`;
  return { version: registry.commit([{ kind: "permission", remove: id }], { author, reason }) };
}

type NewPermission = { [K in keyof Omit<PermissionEntity, "id">]: PermissionEntity[K] | undefined };

function enter({ registry }: AdminServices, request: NewPermission, author: string): PermissionEntity {
  const { state } = registry;
  if (request.name !== undefined && state.get("name", request.name) === undefined) {
    throw notFound(`${request.effect} something`, "name", request.name);
  }
  const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
  const permission = { id: freeId(state, request), ...given } as PermissionEntity;
  registry.commit([{ kind: "permission", put: permission }], {
    author,
    reason: `${permission.effect} ${permission.id}`,
  });
  return permission;
}

/** Tells people what it is about: effect, edge or group, name; with a number where that is taken. */
function freeId(state: RegistryState, { effect, subject, name }: NewPermission): string {
  const who = "edge" in subject! ? subject.edge.split(/[:/]+/).at(-1) ?? "" : subject!.group;
  const words = [effect, who, name ?? "all"].map((word) => String(word).replace(/[^A-Za-z0-9._-]/g, "_"));
  const base = words.join("-").slice(0, 240);
  for (let number = 1;; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (state.get("permission", id) === undefined) return id;
  }
}
