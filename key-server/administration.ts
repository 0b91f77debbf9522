import type { Logger } from "../shared/log.ts";
import { pathBesideConfig } from "../shared/config/paths.ts";
import { nameOf, SignatureScheme } from "../shared/tls_constants.ts";
import type { AdminServices, AuditTrail, KeyHealth, TokenHealth } from "./admin/services.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import { ChainedAuditLog } from "./audit/chained_audit_log.ts";
import { explain } from "./authorisation/explain.ts";
import type { Authorizer } from "./authorize.ts";
import type { KeyServerConfig } from "./config.ts";
import type { ControlService } from "./control/control_service.ts";
import type { Enrolment } from "./enrolment/open_enrolment.ts";
import type { KeyRing } from "./key_ring.ts";
import type { Prober } from "./prober.ts";
import type { Registry } from "./registry/registry.ts";
import type { TicketHub } from "./ticket_hub/ticket_hub.ts";

/** The parts of a key server that administrators act on. */
export interface AdministrationParts {
  readonly config: KeyServerConfig;
  readonly registry: Registry;
  readonly keys: KeyRing;
  readonly prober: Prober;
  readonly authorizer: Authorizer;
  readonly control: ControlService;
  readonly tickets: TicketHub;
  readonly audit: AuditLog;
  /** When an edge last used a key, by its SKI. */
  readonly lastUse: (subjectKeyIdentifier: Uint8Array) => Date | undefined;
  readonly log: Logger;
}

/** Everything that stands beside the way of a signature. */
export interface Administration extends AsyncDisposable {
  /** Undefined: edges do not enrol here. */
  readonly enrolment: Enrolment | undefined;
}

/**
 * Enrolment, rotations and the admin API, where there is a registry that lasts. Dispose it before the tokens. Throws what
 * keeps them from starting, with all closed again.
 */
export async function startAdministration(parts: AdministrationParts): Promise<Administration | undefined> {
  const { config, control } = parts;
  if (config.registry === undefined) return undefined;
  await using started = new AsyncDisposableStack();
  // Certificates, HTTP and OpenAPI take memory and time: only a key server that is administered loads them.
  const { startRotations } = await import("./rotation/start_rotations.ts");
  const rotations = started.use(
    await startRotations({
      ...parts,
      rollout: control,
      rotation: config.rotation,
      acme: config.acme,
      tokens: () => parts.keys.tokens,
      isServed: (identifier) => parts.keys.find(Uint8Array.fromHex(identifier)) !== undefined,
      keyProblem: (name) => parts.keys.problems.get(name),
      lastUse: (identifier) => parts.lastUse(Uint8Array.fromHex(identifier)),
    }),
  );
  const enrolment = await enrolmentOf(parts);
  if (enrolment !== undefined) started.use(enrolment);
  if (config.adminApi !== undefined) {
    const { startAdminApi } = await import("./admin/admin_api.ts");
    started.use(await startAdminApi(config.adminApi, { ...servicesOf(parts, enrolment), ...rotations }));
  }
  const running = started.move();
  return { enrolment, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Renewals come over the control connection. */
async function enrolmentOf(parts: AdministrationParts): Promise<Enrolment | undefined> {
  const { config: { enrolment: config, listen }, keys, control } = parts;
  if (config === undefined || listen === undefined) return undefined;
  const { openEnrolment } = await import("./enrolment/open_enrolment.ts");
  const enrolment = await openEnrolment(config, listen.identity, { ...parts, tokens: () => keys.tokens });
  control.renewIdentity = (edge, request) => enrolment.service.renew(edge.name, request);
  return enrolment;
}

function servicesOf(
  { config, registry, control, tickets, audit, authorizer, keys, prober, log }: AdministrationParts,
  enrolment: Enrolment | undefined,
): Omit<AdminServices, "rotations" | "keyManagement"> {
  return {
    registry,
    rollout: control,
    tickets,
    audit,
    auditTrail: trailOf(config, audit),
    log,
    explain: (request) => explain(registry.state, authorizer, request),
    keyHealth: (name) => healthOf(keys, prober, name),
    tokens: () => tokensOf(keys, prober),
    enrolmentAuthorities: () => enrolment?.keyServerAuthorities,
    startedAt: new Date(),
  };
}

function trailOf({ file, audit: section }: KeyServerConfig, audit: AuditLog): AuditTrail | undefined {
  if (section === undefined || !(audit instanceof ChainedAuditLog)) return undefined;
  return { folder: pathBesideConfig(file, section.folder), head: () => audit.head };
}

/** A token with no key that answers may be well: only what was tried and failed is told. */
function tokensOf(keys: KeyRing, prober: Prober): TokenHealth[] {
  return keys.tokens.map((token) => {
    const served = keys.keys.filter(({ copies }) => copies.some(({ tokenKey }) => tokenKey.token === token))
      .map(({ name }) => name);
    return {
      label: token.name,
      keys: served.length,
      problem: prober.problemWithToken(token),
    };
  });
}

function healthOf(keys: KeyRing, prober: Prober, name: string): KeyHealth {
  const served = keys.keys.find((key) => key.name === name);
  const schemes = served?.signatureSchemes ?? [];
  return {
    loaded: served !== undefined,
    problem: prober.problemWith(name),
    signatureSchemes: schemes.map((scheme) => nameOf(SignatureScheme, scheme)),
  };
}
