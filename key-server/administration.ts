import type { Logger } from "../shared/log.ts";
import { nameOf, SignatureScheme } from "../shared/tls_constants.ts";
import type { AdminServices, KeyHealth } from "./admin/services.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import { explain } from "./authorisation/explain.ts";
import type { Authorizer } from "./authorize.ts";
import type { KeyServerConfig } from "./config.ts";
import type { Rollout } from "./control/edge_rollout.ts";
import type { KeyRing } from "./key_ring.ts";
import type { Registry } from "./registry/registry.ts";

/** The parts of a key server that administrators act on. */
export interface AdministrationParts {
  readonly config: KeyServerConfig;
  readonly registry: Registry;
  readonly keys: KeyRing;
  readonly authorizer: Authorizer;
  readonly rollout: Rollout;
  readonly audit: AuditLog;
  /** When an edge last used a key, by its SKI. */
  readonly lastUse: (subjectKeyIdentifier: Uint8Array) => Date | undefined;
  readonly log: Logger;
}

/**
 * Rotations and the admin API, where there is a registry that lasts. Dispose it before the tokens. Throws what keeps them
 * from starting, with all closed again.
 */
export async function startAdministration(parts: AdministrationParts): Promise<AsyncDisposable | undefined> {
  const { config } = parts;
  if (config.registry === undefined) return undefined;
  await using started = new AsyncDisposableStack();
  // Certificates, HTTP and OpenAPI take memory and time: only a key server that is administered loads them.
  const { startRotations } = await import("./rotation/start_rotations.ts");
  const rotations = started.use(
    await startRotations({
      ...parts,
      rotation: config.rotation,
      acme: config.acme,
      tokens: () => parts.keys.tokens,
      isServed: (identifier) => parts.keys.find(Uint8Array.fromHex(identifier)) !== undefined,
      lastUse: (identifier) => parts.lastUse(Uint8Array.fromHex(identifier)),
    }),
  );
  if (config.adminApi !== undefined) {
    const { startAdminApi } = await import("./admin/admin_api.ts");
    started.use(await startAdminApi(config.adminApi, { ...servicesOf(parts), ...rotations }));
  }
  return started.move();
}

function servicesOf(
  { registry, rollout, audit, authorizer, keys, log }: AdministrationParts,
): Omit<AdminServices, "rotations" | "keyManagement"> {
  return {
    registry,
    rollout,
    audit,
    log,
    explain: (request) => explain(registry.state, authorizer, request),
    keyHealth: (name) => healthOf(keys, name),
    enrolmentAuthorities: () => undefined,
    startedAt: new Date(),
  };
}

function healthOf(keys: KeyRing, name: string): KeyHealth {
  const served = keys.keys.find((key) => key.name === name);
  const schemes = served?.tokenKey.signatureSchemes ?? [];
  return {
    loaded: served !== undefined,
    problem: keys.problems.get(name),
    signatureSchemes: schemes.map((scheme) => nameOf(SignatureScheme, scheme)),
  };
}
