/**
 * The edge's configuration: one TOML file, validated whole before anything listens. `example.toml` documents each key.
 */
import { z } from "zod";
import {
  type SocketAddress,
  socketAddressSchema,
  type TcpAddress,
  tcpAddressSchema,
} from "../shared/config/address.ts";
import { givenNameSchema } from "../shared/control_protocol/schemas.ts";
import { adminSectionSchema, logSectionSchema } from "../shared/config/common_sections.ts";
import { loadConfig, parseConfig } from "../shared/config/load.ts";
import { pathBesideConfig, pathSchema } from "../shared/config/paths.ts";
import { type CertificateEntry, certificateEntrySchema } from "./certificates/certificate_entry.ts";
import type { LoadedCertificate } from "./certificates/chain_loader.ts";
import type { ClientAuthorities } from "./certificates/client_authorities.ts";
import { clientAuthorityFiles, clientCertificatesSchema } from "./certificates/client_certificates_config.ts";
import { ClientVerifier } from "./certificates/client_verifier.ts";
import { servedNameSchema } from "./certificates/host_name.ts";
import type { StapleFile } from "./certificates/ocsp_staple.ts";
import type { SiteEntry } from "./certificates/site_table.ts";
import { controlSectionSchema, type ControlSettings, controlSettings } from "./control/control_config.ts";
import { checkPrivateKeyFile, loadNamedFiles } from "./config_files.ts";
import { refuseContradictions } from "./config_rules.ts";
import type { KeyServerEndpoint } from "./keyless/endpoint.ts";
import type { IdentityFiles } from "./keyless/identity.ts";
import type { TranscriptForm } from "./keyless/key_request.ts";
import { type TicketSettings, ticketSettings, ticketsSectionSchema } from "./ticket_keys/tickets_config.ts";
import { type EngineSettings, engineSettings, sessionSettings, tlsSectionSchema } from "./tls_config.ts";
import type { SessionSettings } from "./worker/session_keeper.ts";

/** A port that can be connected to or shared among workers: not 0. */
const fixedPort = (address: SocketAddress) => "path" in address || address.port > 0;
const fixedPortExpected = "an address with a port from 1 to 65535";

const listenSchema = z.strictObject({ address: tcpAddressSchema.refine(fixedPort, fixedPortExpected) });

const identitySchema = z.strictObject({ certificate: pathSchema, private_key: pathSchema });

const networkKeyServerSchema = z.strictObject({
  address: tcpAddressSchema.refine(fixedPort, fixedPortExpected),
  name: servedNameSchema.refine(
    (name) => !name.startsWith("*"),
    "the host name in its certificate, no wildcard",
  ),
  ca: pathSchema,
});

/** Deno's --allow-net has no way to write a comma that is part of a name: it would open two other places. */
const isSocketPath = (path: string) => !path.includes(",");
const socketPathExpected = "a path without a comma, as Deno's permissions cannot name another";

const localKeyServerSchema = z.strictObject({ unix: pathSchema.refine(isSocketPath, socketPathExpected) });

/** RFC 7301, Section 3.1: 1 to 255 bytes. */
const alpnProtocolSchema = z.string().regex(/^[\x21-\x7e]{1,255}$/, {
  error: 'a protocol name such as "http/1.1"',
});

const siteSchema = z.strictObject({
  names: z.array(servedNameSchema).min(1).max(1000),
  certificates: z.array(certificateEntrySchema(pathSchema)).max(4).default([]),
  alpn: z.array(alpnProtocolSchema).max(16).default(["http/1.1"]),
  backend: socketAddressSchema.refine(fixedPort, `${fixedPortExpected} or "unix:/path"`)
    .refine((address) => "port" in address || isSocketPath(address.path), socketPathExpected),
  proxy_protocol: z.boolean().default(false),
  client_certificates: clientCertificatesSchema(pathSchema).optional(),
  resumption_epoch: z.int().min(0).max(2 ** 32 - 1).default(0),
  ticket_domain: givenNameSchema.optional(),
  default: z.boolean().default(false),
});

const limitsSchema = z.strictObject({
  connections: z.int().min(1).max(1_000_000).default(10_000),
  handshake_deadline_ms: z.int().min(100).max(300_000).default(10_000),
  key_operation_deadline_ms: z.int().min(50).max(60_000).default(3_000),
  drain_deadline_ms: z.int().min(0).max(3_600_000).default(10_000),
}).prefault({});

const memorySchema = z.strictObject({
  pool_bytes: z.int().min(65_536).max(2 ** 31).default(4_194_304),
  backing: z.enum(["auto", "secretmem", "mlock"]).default("auto"),
}).prefault({});

/** The file as written; cross-field rules included, but nothing that only other files can tell. */
export const edgeConfigSchema = z.strictObject({
  workers: z.int().min(0).max(256).default(0),
  listen: z.array(listenSchema).min(1).max(64),
  identity: identitySchema,
  key_server: z.array(z.union([networkKeyServerSchema, localKeyServerSchema])).min(1).max(32),
  site: z.array(siteSchema).min(1).max(10_000),
  control: controlSectionSchema.optional(),
  tls: tlsSectionSchema,
  tickets: ticketsSectionSchema,
  limits: limitsSchema,
  memory: memorySchema,
  admin: adminSectionSchema.optional(),
  log: logSectionSchema,
}).superRefine(refuseContradictions);

/** The file's contents after validation. */
export type EdgeConfigFile = z.output<typeof edgeConfigSchema>;

/** One `[[site]]`, its certificates loaded. */
export interface SiteConfig {
  /** Canonical: lower case. */
  readonly names: readonly [string, ...string[]];
  /** Of files; none where key servers push them. */
  readonly certificates: readonly LoadedCertificate[];
  readonly alpn: readonly string[];
  readonly backend: SocketAddress;
  readonly proxyProtocol: boolean;
  /** Undefined: clients are not asked for certificates. */
  readonly clientCertificates: (ClientAuthorities & { readonly mode: "optional" | "required" }) | undefined;
  /** Raised after a compromise: no session from before resumes. */
  readonly resumptionEpoch: number;
  /** Undefined: the one that is pushed with its names, or the default. */
  readonly ticketDomain: string | undefined;
  readonly isDefault: boolean;
}

/** A configuration that can be run: paths are absolute, times in milliseconds, sizes in bytes. */
export interface EdgeConfig {
  /** 0: one for each core. */
  readonly workers: number;
  readonly listen: readonly TcpAddress[];
  readonly identity: IdentityFiles;
  /** By preference. */
  readonly keyServers: readonly KeyServerEndpoint[];
  readonly sites: readonly SiteConfig[];
  /** Of the sites' certificates; the files have not been read. */
  readonly staples: readonly StapleFile[];
  /** Undefined: all certificates are files. */
  readonly control: ControlSettings | undefined;
  readonly transcript: TranscriptForm;
  readonly engine: EngineSettings;
  /** Of TLS 1.2 clients without tickets. Undefined: they never resume. */
  readonly sessions: SessionSettings | undefined;
  /** Undefined: no ticket is issued or taken. */
  readonly tickets: TicketSettings | undefined;
  readonly limits: {
    readonly connections: number;
    readonly handshakeDeadline: number;
    readonly keyOperationDeadline: number;
    /** How long connections may take to end when a reload or a stop ends their worker. */
    readonly drainDeadline: number;
  };
  readonly memory: { readonly poolBytes: number; readonly backing: "auto" | "secretmem" | "mlock" };
  readonly admin: { readonly address: TcpAddress; readonly allowRemote: boolean } | undefined;
  readonly log: EdgeConfigFile["log"];
}

/**
 * Reads, validates and resolves the configuration, with every certificate that it names.
 *
 * Throws ConfigError with every problem found, each with the file, line, key, shape of the value and what was
 * expected. Of the edge's identity it reads the certificate only: the private key is for whoever connects to
 * key servers ({@link checkIdentity} for `--check`). `text` stands for what the file says, for a worker that must
 * serve what its supervisor has accepted.
 */
export async function loadEdgeConfig(path: string, text?: string): Promise<EdgeConfig> {
  const file = text === undefined
    ? await loadConfig(path, edgeConfigSchema)
    : parseConfig(text, path, edgeConfigSchema);
  const absolute = (name: string) => pathBesideConfig(path, name);
  const config = {
    identity: {
      certificate: absolute(file.identity.certificate),
      privateKey: keySource(file.identity.private_key, absolute),
    },
    keyServers: file.key_server.map((keyServer) => endpointOf(keyServer, absolute)),
  };
  const tickets = ticketSettings(file.tickets, absolute);
  const loaded = await loadNamedFiles(
    path,
    { ...config, edgeCa: tickets?.keys.source === "hub" ? tickets.keys.edgeCa : undefined },
    file.site.map(({ names, certificates, client_certificates: clients }) => ({
      names,
      certificates: certificates.map(({ chain }) => absolute(chain)),
      clientAuthorities: clientAuthorityFiles(clients, absolute),
    })),
  );
  return {
    ...config,
    workers: file.workers,
    listen: file.listen.map(({ address }) => address),
    sites: file.site.map((site, index) => ({
      names: site.names as [string, ...string[]],
      certificates: loaded[index]?.certificates ?? [],
      alpn: site.alpn,
      backend: absoluteAddress(site.backend, absolute),
      proxyProtocol: site.proxy_protocol,
      clientCertificates: clientCertificatesOf(site, loaded[index]?.clientAuthorities),
      resumptionEpoch: site.resumption_epoch,
      ticketDomain: site.ticket_domain,
      isDefault: site.default,
    })),
    staples: file.site.flatMap((site, index) =>
      stapleFiles(site.certificates, loaded[index]?.certificates ?? [], absolute)
    ),
    control: controlSettings(file.control, absolute),
    transcript: file.tls.transcript,
    engine: engineSettings(file.tls),
    tickets,
    sessions: sessionSettings(file.tls, tickets?.lifetime),
    limits: {
      connections: file.limits.connections,
      handshakeDeadline: file.limits.handshake_deadline_ms,
      keyOperationDeadline: file.limits.key_operation_deadline_ms,
      drainDeadline: file.limits.drain_deadline_ms,
    },
    memory: { poolBytes: file.memory.pool_bytes, backing: file.memory.backing },
    admin: file.admin && { address: file.admin.address, allowRemote: file.admin.allow_remote },
    log: file.log,
  };
}

/** The rest of `--check`: that the identity's private key can be read and belongs to its certificate. */
export async function checkIdentity(path: string, { identity }: Pick<EdgeConfig, "identity">): Promise<void> {
  await checkPrivateKeyFile(path, identity);
}

/** What a worker makes its table of sites of. */
export function siteEntries(config: Pick<EdgeConfig, "sites">): SiteEntry[] {
  return config.sites.map(siteEntry);
}

function siteEntry({ names, isDefault, backend, proxyProtocol, ...config }: SiteConfig): SiteEntry {
  const { certificates, alpn: alpnProtocols, clientCertificates, resumptionEpoch, ticketDomain } = config;
  const tls = {
    certificates,
    alpnProtocols,
    resumptionEpoch,
    ...(ticketDomain === undefined ? {} : { ticketDomain }),
  };
  const site = { name: names[0], backend, proxyProtocol, tls };
  if (clientCertificates === undefined) return { names, isDefault, site };
  const verifier = new ClientVerifier(clientCertificates.mode, clientCertificates);
  return {
    names,
    isDefault,
    site: {
      ...site,
      tls: { ...tls, clientCertificates: verifier.policy },
      verifyClient: (chain) => verifier.verify(chain),
    },
  };
}

function clientCertificatesOf(
  { client_certificates: section }: EdgeConfigFile["site"][number],
  authorities: ClientAuthorities | undefined,
): SiteConfig["clientCertificates"] {
  if (section === undefined || section.mode === "none" || authorities === undefined) return undefined;
  return { mode: section.mode, ...authorities };
}

function stapleFiles(
  entries: readonly CertificateEntry[],
  certificates: readonly LoadedCertificate[],
  absolute: (name: string) => string,
): StapleFile[] {
  return certificates.flatMap((certificate, index) => {
    const file = entries[index]?.ocsp;
    return file === undefined ? [] : [{ certificate, file: absolute(file) }];
  });
}

function endpointOf(
  keyServer: EdgeConfigFile["key_server"][number],
  absolute: (name: string) => string,
): KeyServerEndpoint {
  if ("unix" in keyServer) return { path: absolute(keyServer.unix) };
  return { name: keyServer.name, address: keyServer.address, ca: absolute(keyServer.ca) };
}

/** A path, or `file:`, `env:`, `credential:` as for every other secret. */
function keySource(source: string, absolute: (name: string) => string): string {
  if (/^(?:env|credential):/.test(source)) return source;
  return absolute(source.replace(/^file:/, ""));
}

function absoluteAddress(address: SocketAddress, absolute: (name: string) => string): SocketAddress {
  return "path" in address ? { path: absolute(address.path) } : address;
}
