import type { KeyServerConfig } from "./config.ts";

/**
 * Gives up the permissions that only the start needed: writing (sockets have to be bound, the registry's file made) and,
 * unless a PIN is read from there at a later login, the environment. They cannot be had again. SQLite goes on writing into
 * the registry that it has open; an audit log makes new files, and Deno cannot narrow a permission that is granted whole.
 */
export function dropPermissions({ tokens, audit }: KeyServerConfig): void {
  if (audit === undefined) Deno.permissions.revokeSync({ name: "write" });
  const needsEnvironment = tokens.some(({ pin }) => pin !== undefined && !pin.startsWith("file:"));
  if (!needsEnvironment) Deno.permissions.revokeSync({ name: "env" });
}
