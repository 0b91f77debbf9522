import type { TcpAddress } from "../../shared/config/address.ts";
import { pemToDer } from "../../shared/libcrypto/x509.ts";
import type { Logger } from "../../shared/log.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import { TokenKeys } from "../issuance/token_keys.ts";
import type { IdentityFiles } from "../config.ts";
import { type OwnIdentity, OwnIdentityError, readOwnIdentity } from "../own_identity.ts";
import type { Registry } from "../registry/registry.ts";
import { systemClock } from "../rotation/clock.ts";
import type { Token } from "../token/token.ts";
import type { EnrolmentConfig } from "./config.ts";
import { EdgeCertifier } from "./edge_certifier.ts";
import { EnrolmentListener } from "./enrolment_listener.ts";
import { EnrolmentService } from "./enrolment_service.ts";

/** Enrolment as it runs. */
export interface Enrolment extends AsyncDisposable {
  readonly service: EnrolmentService;
  /** Where it listens, with the real port. */
  readonly address: TcpAddress;
  /** DER certificates that edges know key servers by. */
  readonly keyServerAuthorities: readonly Uint8Array[];
  replaceIdentity(identity: OwnIdentity): void;
}

export interface EnrolmentDependencies {
  readonly registry: Registry;
  readonly tokens: () => readonly Token[];
  readonly audit: AuditLog;
  readonly log: Logger;
}

/** Begins to take enrolments, as the server that `[listen]` is. Throws OwnIdentityError, ListenError. */
export async function openEnrolment(
  config: EnrolmentConfig,
  files: IdentityFiles,
  { registry, tokens, audit, log }: EnrolmentDependencies,
): Promise<Enrolment> {
  const certifier = new EdgeCertifier({
    registry,
    tokenKeys: new TokenKeys(tokens),
    clock: systemClock,
    authority: config.authority,
    certificateLifetime: config.certificateLifetime,
  });
  const service = new EnrolmentService({ registry, certifier, audit, clock: systemClock });
  const keyServerAuthorities = await readCertificates(config.serverCa);
  const encoded = (certificates: readonly Uint8Array[]) => certificates.map((der) => der.toBase64());
  const listener = await EnrolmentListener.start({
    address: config.address,
    identity: await readOwnIdentity(files),
    service,
    authorities: () => ({
      keyServerAuthorities: encoded(keyServerAuthorities),
      edgeAuthorities: encoded(certifier.authorities),
    }),
    log,
  });
  return {
    service,
    keyServerAuthorities,
    address: listener.address,
    replaceIdentity: (identity) => listener.replaceIdentity(identity),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

async function readCertificates(path: string): Promise<readonly Uint8Array[]> {
  try {
    const certificates = pemToDer(await Deno.readTextFile(path));
    if (certificates.length > 0) return certificates;
  } catch (cause) {
    throw new OwnIdentityError(`${path} cannot be read as certificates in PEM`, { cause });
  }
  throw new OwnIdentityError(`${path} has no certificate in PEM`);
}
