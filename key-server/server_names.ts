import { isWireServerName } from "../shared/keyless_protocol/server_name.ts";

/**
 * Patterns of server names: exact, or `*.` for exactly one label in front (RFC 6125, Section 6.4.3). All in lower
 * case. In a grant "" stands for a client that sent no SNI.
 */

/** Whether a configuration may have this pattern. */
export function isServerNamePattern(pattern: string): boolean {
  if (pattern.startsWith("*.")) return pattern.includes(".", 2) && isWireServerName(pattern.slice(2));
  return isWireServerName(pattern);
}

/** Whether the pattern permits the name; also for a wildcard as name: `*.a.b` permits `*.a.b` only. */
export function permitsName(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  if (!pattern.startsWith("*.") || name.startsWith("*.")) return false;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}
