import type { KeylessKeyRequest } from "../../shared/keyless_protocol/operations.ts";
import type { NameEntity } from "../registry/entities/name.ts";
import type { PermissionEntity } from "../registry/entities/permission.ts";
import { missingName } from "../registry/rules/permission_rules.ts";
import { permitsName } from "../server_names.ts";
import type { TokenBucket } from "./token_bucket.ts";

/** A permission as it is applied to one edge and one name. */
export interface Rule {
  readonly permission: PermissionEntity;
  /** Whether a client without SNI may be served. */
  readonly allowsAbsentName: boolean;
  /** Of this edge alone; undefined: as many as it likes. */
  readonly bucket: (() => TokenBucket) | undefined;
}

/** What a rule looks at, beside the transcript's form: strict is what shows the key server the handshake itself. */
export interface Asked {
  readonly operation: KeylessKeyRequest["operation"];
  /** "" for a client without SNI. */
  readonly serverName: string;
}

/** What of a permission keeps a request from being allowed by it; the later, the nearer it came. */
export type Obstacle = "operation" | "server-name" | "transcript" | undefined;

export function ruleFor(
  permission: PermissionEntity,
  name: NameEntity | undefined,
  bucket: Rule["bucket"],
): Rule {
  const { serverNames } = permission;
  const isWhole = serverNames === undefined || missingName(serverNames, name?.serverNames) === undefined;
  return { permission, allowsAbsentName: isWhole || serverNames.includes(""), bucket };
}

/** Why this permission does not allow it; undefined: it does, within its rate. */
export function obstacle(rule: Rule, asked: Asked, isStrict: boolean): Obstacle {
  const { operations, transcript } = rule.permission;
  if (!operations.includes(asked.operation)) return "operation";
  if (!permitsServerName(rule, asked.serverName)) return "server-name";
  if (transcript === "strict" && !isStrict) return "transcript";
  return undefined;
}

/** Whether this denial holds. One of some server names holds for whatever cannot show which one it is for, too. */
export function denies(
  { permission: { operations, serverNames } }: Rule,
  asked: Asked,
  isStrict: boolean,
): boolean {
  if (!operations.includes(asked.operation)) return false;
  return serverNames === undefined || !isStrict || permitsAny(serverNames, asked.serverName);
}

function permitsServerName(
  { permission: { serverNames }, allowsAbsentName }: Rule,
  serverName: string,
): boolean {
  if (serverName === "") return allowsAbsentName;
  return serverNames === undefined || permitsAny(serverNames, serverName);
}

function permitsAny(patterns: readonly string[], serverName: string): boolean {
  for (const pattern of patterns) if (permitsName(pattern, serverName)) return true;
  return false;
}
