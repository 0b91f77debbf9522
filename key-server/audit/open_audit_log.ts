import type { Logger } from "../../shared/log.ts";
import { pathBesideConfig } from "../../shared/config/paths.ts";
import type { TokenKeys } from "../issuance/token_keys.ts";
import type { Registry } from "../registry/registry.ts";
import type { AuditLog } from "./audit_log.ts";
import { ChainedAuditLog } from "./chained_audit_log.ts";
import type { AuditSection } from "./config.ts";
import { LoggedAudit } from "./logged_audit.ts";
import { openCheckpointSigner } from "./token_signer.ts";

/** The audit log as `[audit]` has it; without the section, what administrators do is told in the other log. */
export async function openAuditLog(
  configFile: string,
  section: AuditSection | undefined,
  { tokenKeys, log }: { readonly tokenKeys: TokenKeys; readonly log: Logger },
): Promise<ChainedAuditLog | LoggedAudit> {
  if (section === undefined) return new LoggedAudit(log);
  return await ChainedAuditLog.open({
    folder: pathBesideConfig(configFile, section.folder),
    fileBytes: section.file_bytes,
    keyOperations: section.key_operations,
    checkpointInterval: section.checkpoint_every_s * 1000,
    syncInterval: section.sync_every_ms,
    signer: section.key === undefined ? undefined : await openCheckpointSigner(section.key, tokenKeys),
    log,
  });
}

/** From now on every transaction of the registry is in the audit log. */
export function auditRegistry(registry: Registry, audit: AuditLog): Disposable {
  return registry.watch(({ at: _, ...entry }) => {
    audit.record({ kind: "registry-commit", ...entry });
    audit.flush();
  });
}
