import { formatAddress } from "../../shared/config/address.ts";
import type { Logger } from "../../shared/log.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import { auditRegistry } from "../audit/open_audit_log.ts";
import type { KeyServerConfig } from "../config.ts";
import type { KeyRing } from "../key_ring.ts";
import { importConfiguration } from "./import/import_configuration.ts";
import { SqliteRegistry } from "./sqlite_registry.ts";

/**
 * The registry that a configuration names: its file, or one in memory. What the file's `[[key]]` and `[[grant]]` say goes
 * into it while it is empty, which one in memory is at each start. `audit` is told of this, and of all that follows. Throws
 * RegistryFileError, ConfigError, TokenError.
 */
export async function openRegistry(
  config: KeyServerConfig,
  ring: KeyRing,
  log: Logger,
  audit?: AuditLog,
): Promise<SqliteRegistry> {
  using parts = new DisposableStack();
  const follow = config.registry?.follow;
  const follows = follow && formatAddress(follow.address);
  const registry = parts.use(new SqliteRegistry({ path: config.registry?.path, follows, log }));
  if (audit !== undefined) auditRegistry(registry, audit);
  const written = config.keys.length + config.grants.length;
  if (registry.state.version === 0 && registry.writable) {
    await importConfiguration(registry, config, ring);
  } else if (written > 0) {
    log.warn(
      { event: "configuration-superseded", keys: config.keys.length, grants: config.grants.length },
      "[[key]] and [[grant]] are not read: the registry, which took them once or follows another's, is what counts",
    );
  }
  log.info({
    event: "registry-open",
    path: config.registry?.path,
    version: registry.state.version,
    lineage: registry.lineage,
  }, "registry open");
  parts.move();
  return registry;
}
