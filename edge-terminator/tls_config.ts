/** The `[tls]` section of an edge's configuration: which parts of TLS are spoken, by their IANA names. */
import { z } from "zod";
import { CertificateCompressionAlgorithm, CipherSuite, NamedGroup, nameOf } from "../shared/tls_constants.ts";
import {
  allCipherSuites,
  findTls12CipherSuite,
  findTls13CipherSuite,
  rsaKeyExchangeSuites,
} from "./tls/cipher_suites.ts";
import { findGroup, isHybrid } from "./tls/key_exchange/groups.ts";
import { defaultGroups, type TlsServerOptions } from "./tls/server_options.ts";
import { longestLifetime } from "./tls/tickets/ticket_policy.ts";
import type { SessionSettings } from "./worker/session_keeper.ts";

const suiteNames = allCipherSuites.map((id) => nameOf(CipherSuite, id)) as (keyof typeof CipherSuite)[];
const groupNames = defaultGroups.map((id) => nameOf(NamedGroup, id)) as (keyof typeof NamedGroup)[];

/** `[tls]`; example.toml says what each key means. */
export const tlsSectionSchema = z.strictObject({
  transcript: z.enum(["hash", "strict"]).default("hash"),
  versions: z.array(z.enum(["1.2", "1.3"])).min(1).max(2).default(["1.2", "1.3"]),
  cipher_suites: z.array(z.enum(suiteNames)).min(1).max(suiteNames.length).default(suiteNames),
  groups: z.array(z.enum(groupNames)).min(1).max(groupNames.length).default(groupNames),
  extended_master_secret: z.enum(["required", "optional"]).default("required"),
  certificate_compression: z.array(z.enum(["brotli", "zlib"])).max(2).default(["brotli", "zlib"]),
  pad_records_to: z.int().min(1).max(16_384).default(1),
  rsa_key_exchange: z.boolean().default(false),
  session_cache: z.int().min(0).max(1_000_000).default(2048),
  session_peers: z.boolean().default(false),
}).prefault({});

export type TlsSection = z.output<typeof tlsSectionSchema>;

/** What the section decides of every connection's engine. */
export type EngineSettings = Required<
  Pick<
    TlsServerOptions,
    | "versions"
    | "cipherSuites"
    | "groups"
    | "requiresExtendedMasterSecret"
    | "certificateCompression"
    | "padsRecordsTo"
  >
>;

/** Turns the names of the section into what the engine takes. */
export function engineSettings(section: TlsSection): EngineSettings {
  return {
    versions: section.versions.map((version) => `TLS ${version}` as const),
    cipherSuites: [
      ...section.cipher_suites.map((name) => CipherSuite[name]),
      ...section.rsa_key_exchange ? rsaKeyExchangeSuites : [],
    ],
    groups: section.groups.map((name) => NamedGroup[name]),
    certificateCompression: section.certificate_compression.map((name) =>
      CertificateCompressionAlgorithm[name]
    ),
    padsRecordsTo: section.pad_records_to,
    requiresExtendedMasterSecret: section.extended_master_secret === "required",
  };
}

/** Sessions live as long as tickets do; undefined: none are kept. */
export function sessionSettings(
  { session_cache: capacity, session_peers: asksPeers, versions }: TlsSection,
  lifetime = longestLifetime,
): SessionSettings | undefined {
  return capacity === 0 || !versions.includes("1.2") ? undefined : { capacity, lifetime, asksPeers };
}

/** Reports each list that repeats itself, or leaves a version nothing to agree on. */
export function checkTlsSection(
  section: TlsSection,
  report: (path: (string | number)[], expected: string) => void,
): void {
  for (const key of ["versions", "cipher_suites", "groups", "certificate_compression"] as const) {
    const values: readonly string[] = section[key];
    for (const [index, value] of values.entries()) {
      if (values.indexOf(value) < index) report(["tls", key, index], "one that no earlier entry has");
    }
  }
  const { versions, cipherSuites, groups } = engineSettings(section);
  if (versions.includes("TLS 1.3") && !cipherSuites.some((id) => findTls13CipherSuite(id))) {
    report(["tls", "cipher_suites"], "a suite of TLS 1.3, which tls.versions has");
  }
  if (section.rsa_key_exchange && !versions.includes("TLS 1.2")) {
    report(["tls", "rsa_key_exchange"], "false, as only TLS 1.2 has it and tls.versions does not have that");
  }
  if (!versions.includes("TLS 1.2")) return;
  if (!cipherSuites.some((id) => findTls12CipherSuite(id))) {
    report(["tls", "cipher_suites"], "a suite of TLS 1.2, which tls.versions has");
  }
  if (groups.every((id) => isHybrid(findGroup(id)!))) {
    report(["tls", "groups"], "a group of TLS 1.2, which tls.versions has: one without ML-KEM");
  }
}
