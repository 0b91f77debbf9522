/**
 * The key server's configuration: one TOML file, validated whole before anything starts. `example.toml` documents
 * each key; `config_rules.ts` has what the parts must not say together.
 */
import { z } from "zod";
import { type TcpAddress, tcpAddressSchema } from "../shared/config/address.ts";
import {
  adminSectionSchema,
  countSchema,
  logSectionSchema,
  millisecondsSchema,
} from "../shared/config/common_sections.ts";
import { loadConfig } from "../shared/config/load.ts";
import { pathBesideConfig, pathSchema } from "../shared/config/paths.ts";
import { secretSourceSchema } from "../shared/config/secret_source.ts";
import { type AdminApiConfig, adminApiSchema, resolveAdminApi } from "./admin/admin_config.ts";
import { type AuditSection, auditSectionSchema } from "./audit/config.ts";
import { refuseContradictions } from "./config_rules.ts";
import { type ControlConfig, controlConfig, controlSectionSchema } from "./control/config.ts";
import { type EnrolmentConfig, enrolmentConfig, enrolmentSectionSchema } from "./enrolment/config.ts";
import { type AcmeConfig, acmeConfig, acmeSectionSchema } from "./issuance/acme/acme_config.ts";
import { type RotationConfig, rotationConfig, rotationSectionSchema } from "./rotation/rotation_config.ts";
import { type RegistryConfig, registrySectionSchema, resolveRegistry } from "./registry/config.ts";
import {
  edgeIdentitySchema,
  type KeyPurpose,
  operationSchema,
  pkcs11UriSchema,
  serverNameSchema,
} from "./schemas.ts";
import { usualPatience } from "./token/patience.ts";
import { type TicketHubConfig, ticketHubConfig, ticketHubSectionSchema } from "./ticket_hub/config.ts";
import type { Pkcs11Uri } from "./token/uri.ts";

const listenSchema = z.strictObject({
  address: tcpAddressSchema,
  certificate: pathSchema,
  private_key: pathSchema,
  client_ca: pathSchema.optional(),
});

const unixSchema = z.strictObject({
  path: pathSchema,
  mode: z.enum(["0600", "0660"]).default("0600"),
  peers: z.array(z.strictObject({ uid: z.int().min(0).max(0xffff_fffe), identity: edgeIdentitySchema })).min(
    1,
  ),
});

const limitsSchema = z.strictObject({
  connections: countSchema.default(1024),
  in_flight: countSchema.default(4096),
  in_flight_per_connection: countSchema.default(1024),
  handshake_deadline_ms: millisecondsSchema.default(5000),
  request_deadline_ms: millisecondsSchema.default(5000),
  drain_deadline_ms: millisecondsSchema.default(10_000),
  probe_interval_ms: millisecondsSchema.default(10_000),
}).prefault({});

const memorySchema = z.strictObject({
  pool_bytes: z.int().min(65_536).max(2 ** 28).default(262_144),
  backing: z.enum(["auto", "secretmem", "mlock"]).default("auto"),
}).prefault({});

const tokenSchema = z.strictObject({
  uri: pkcs11UriSchema.refine(({ modulePath }) => modulePath !== undefined, "a PKCS#11 URI with module-path"),
  pin: secretSourceSchema.optional(),
  sessions: z.int().min(1).max(256).default(8),
  hang_after_ms: millisecondsSchema.default(usualPatience),
});

const keySchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    error: "1 to 64 letters, digits, dots, dashes",
  }),
  uri: pkcs11UriSchema.refine(
    ({ object, id }) => object !== undefined || id !== undefined,
    "a PKCS#11 URI with object or id",
  ),
  purposes: z.array(operationSchema).min(1).default(["sign-tls13", "sign-tls12"]),
  copies: z.array(pkcs11UriSchema).max(15).default([]),
  certificate: pathSchema.optional(),
});

const grantSchema = z.strictObject({
  edge: edgeIdentitySchema,
  key: z.string(),
  operations: z.array(operationSchema).min(1),
  server_names: z.array(serverNameSchema).min(1).optional(),
  transcript: z.enum(["hash", "strict"]).default("hash"),
});

/** The file as written, cross-field rules included, but nothing that only other files can tell. */
export const keyServerConfigSchema = z.strictObject({
  listen: listenSchema.optional(),
  unix: unixSchema.optional(),
  limits: limitsSchema,
  memory: memorySchema,
  token: z.array(tokenSchema).min(1).max(64),
  registry: registrySectionSchema.optional(),
  key: z.array(keySchema).max(10_000).default([]),
  grant: z.array(grantSchema).max(100_000).default([]),
  admin: adminSectionSchema.optional(),
  admin_api: adminApiSchema.optional(),
  audit: auditSectionSchema.optional(),
  control: controlSectionSchema,
  ticket_hub: ticketHubSectionSchema,
  enrolment: enrolmentSectionSchema.optional(),
  rotation: rotationSectionSchema,
  acme: acmeSectionSchema.optional(),
  log: logSectionSchema,
}).superRefine(refuseContradictions);

export type KeyServerConfigFile = z.output<typeof keyServerConfigSchema>;

/** The server's own identity and whom it trusts, as absolute paths. */
export interface IdentityFiles {
  readonly certificate: string;
  readonly privateKey: string;
  /** Undefined: only the edge authority in the registry vouches for edges. */
  readonly clientCa: string | undefined;
}

/** One `[[token]]`. */
export interface TokenConfig {
  readonly uri: Pkcs11Uri;
  /** A secret source, undefined for a token without a login. */
  readonly pin: string | undefined;
  readonly sessions: number;
  /** Milliseconds that a call may take before the token counts as hanging. */
  readonly patience: number;
}

/** One `[[key]]`. */
export interface KeyConfig {
  readonly name: string;
  readonly uri: Pkcs11Uri;
  /** The same key in other tokens. */
  readonly copies: readonly Pkcs11Uri[];
  readonly purposes: readonly KeyPurpose[];
  /** Absolute path of its chain in PEM. */
  readonly certificate: string | undefined;
}

/** One `[[grant]]`. */
export interface GrantConfig {
  readonly edge: string;
  readonly key: string;
  readonly operations: readonly KeyPurpose[];
  /** Undefined: every name. */
  readonly serverNames: readonly string[] | undefined;
  readonly transcript: "hash" | "strict";
}

/** Times in milliseconds. */
export interface Limits {
  readonly connections: number;
  readonly inFlight: number;
  readonly inFlightPerConnection: number;
  readonly handshakeDeadline: number;
  readonly requestDeadline: number;
  readonly drainDeadline: number;
  readonly probeInterval: number;
}

/** `[unix]`. */
export interface UnixConfig {
  readonly path: string;
  readonly mode: number;
  /** Identity by uid. */
  readonly peers: ReadonlyMap<number, string>;
}

/** A configuration that can be run: paths are absolute. */
export interface KeyServerConfig {
  /** The file it came from; secret sources are relative to it. */
  readonly file: string;
  readonly listen: { readonly address: TcpAddress; readonly identity: IdentityFiles } | undefined;
  readonly unix: UnixConfig | undefined;
  readonly limits: Limits;
  readonly memory: { readonly poolBytes: number; readonly backing: "auto" | "secretmem" | "mlock" };
  readonly tokens: readonly TokenConfig[];
  /** Undefined: in memory, made of `keys` and `grants` at each start. */
  readonly registry: RegistryConfig | undefined;
  readonly keys: readonly KeyConfig[];
  readonly grants: readonly GrantConfig[];
  readonly admin: { readonly address: TcpAddress; readonly allowRemote: boolean } | undefined;
  readonly adminApi: AdminApiConfig | undefined;
  readonly control: ControlConfig;
  readonly ticketHub: TicketHubConfig;
  readonly rotation: RotationConfig;
  readonly acme: AcmeConfig | undefined;
  readonly audit: AuditSection | undefined;
  readonly enrolment: EnrolmentConfig | undefined;
  readonly log: KeyServerConfigFile["log"];
}

/** Reads and validates the configuration. Throws ConfigError with every problem in the file. */
export async function loadKeyServerConfig(path: string): Promise<KeyServerConfig> {
  return resolved(path, await loadConfig(path, keyServerConfigSchema));
}

function resolved(configFile: string, file: KeyServerConfigFile): KeyServerConfig {
  const absolute = (path: string) => pathBesideConfig(configFile, path);
  const { listen, unix, admin } = file;
  return {
    file: configFile,
    listen: listen && {
      address: listen.address,
      identity: {
        certificate: absolute(listen.certificate),
        privateKey: absolute(listen.private_key),
        clientCa: listen.client_ca === undefined ? undefined : absolute(listen.client_ca),
      },
    },
    unix: unix && {
      path: absolute(unix.path),
      mode: parseInt(unix.mode, 8),
      peers: new Map(unix.peers.map(({ uid, identity }) => [uid, identity])),
    },
    limits: resolvedLimits(file.limits),
    memory: { poolBytes: file.memory.pool_bytes, backing: file.memory.backing },
    tokens: file.token.map(({ uri, pin, sessions, hang_after_ms }) => ({
      uri,
      pin: pin ?? uri.pinSource,
      sessions,
      patience: hang_after_ms,
    })),
    registry: file.registry && resolveRegistry(configFile, file.registry),
    keys: file.key.map(({ name, uri, copies, purposes, certificate }) => ({
      name,
      uri,
      copies,
      purposes,
      certificate: certificate === undefined ? undefined : absolute(certificate),
    })),
    grants: file.grant.map(({ server_names, ...grant }) => ({ ...grant, serverNames: server_names })),
    admin: admin && { address: admin.address, allowRemote: admin.allow_remote },
    adminApi: file.admin_api && resolveAdminApi(configFile, file.admin_api),
    control: controlConfig(file.control),
    ticketHub: ticketHubConfig(configFile, file.ticket_hub, file.control.edge_grace_ms),
    rotation: rotationConfig(configFile, file.rotation),
    acme: acmeConfig(configFile, file.acme),
    audit: file.audit,
    enrolment: file.enrolment && enrolmentConfig(configFile, file.enrolment),
    log: file.log,
  };
}

function resolvedLimits(limits: KeyServerConfigFile["limits"]): Limits {
  return {
    connections: limits.connections,
    inFlight: limits.in_flight,
    inFlightPerConnection: limits.in_flight_per_connection,
    handshakeDeadline: limits.handshake_deadline_ms,
    requestDeadline: limits.request_deadline_ms,
    drainDeadline: limits.drain_deadline_ms,
    probeInterval: limits.probe_interval_ms,
  };
}
