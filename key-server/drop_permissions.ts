import type { KeyServerConfig } from "./config.ts";

/**
 * Gives up the permissions that only the start needed: writing (sockets have to be bound, the registry's file made) and,
 * unless a secret is read from there later (a PIN at a login, an ACME account's key), the environment. They cannot be had
 * again. SQLite goes on writing into the registry that it has open; an audit log makes new files, and Deno cannot narrow a
 * permission that is granted whole.
 */
export function dropPermissions({ tokens, audit, acme }: KeyServerConfig): void {
  if (audit === undefined) Deno.permissions.revokeSync({ name: "write" });
  const sources = [...tokens.map(({ pin }) => pin), acme?.externalAccount?.hmacKey];
  const needsEnvironment = sources.some((source) => source !== undefined && !source.startsWith("file:"));
  if (!needsEnvironment) Deno.permissions.revokeSync({ name: "env" });
}
