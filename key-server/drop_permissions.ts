import type { KeyServerConfig } from "./config.ts";

/**
 * Gives up the permissions that only the start needed: writing (a unix socket has to be bound) and, unless a PIN is
 * read from there at a later login, the environment. They cannot be had again.
 */
export function dropPermissions({ tokens }: KeyServerConfig): void {
  Deno.permissions.revokeSync({ name: "write" });
  const needsEnvironment = tokens.some(({ pin }) => pin !== undefined && !pin.startsWith("file:"));
  if (!needsEnvironment) Deno.permissions.revokeSync({ name: "env" });
}
