import type { PermissionEntity } from "../../registry/entities/permission.ts";
import { accent, fields } from "./terminal.ts";
import { list } from "./texts.ts";

export function subjectText({ subject }: PermissionEntity): string {
  return "edge" in subject ? subject.edge : `group ${subject.group}`;
}

export function rateText({ rate }: PermissionEntity): string {
  return rate === undefined ? "no limit" : `${rate.perSecond} a second, ${rate.burst} at once`;
}

export function effectText({ effect }: PermissionEntity): string {
  return effect === "deny" ? accent("red", effect) : accent("green", effect);
}

export function describePermission(permission: PermissionEntity): string {
  return fields([
    ["permission", permission.id],
    ["effect", effectText(permission)],
    ["who", subjectText(permission)],
    ["name", permission.name ?? "all"],
    ["operations", list(permission.operations)],
    ["host names", permission.serverNames === undefined ? "all of the name" : list(permission.serverNames)],
    ...permission.effect === "deny"
      ? []
      : [["transcript", permission.transcript] as const, ["rate", rateText(permission)] as const],
  ]);
}
