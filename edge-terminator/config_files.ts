/** The files that an edge's configuration names: loaded and checked, problems told at the key that names them. */
import { ConfigError, type ConfigProblem } from "../shared/config/errors.ts";
import { dottedKey, type KeyPath, lineOfKey } from "../shared/config/key_location.ts";
import { type LoadedCertificate } from "./certificates/chain_loader.ts";
import {
  type ClientAuthorities,
  loadClientAuthorities,
  loadRevocationLists,
} from "./certificates/client_authorities.ts";
import type { ClientAuthorityFiles } from "./certificates/client_certificates_config.ts";
import { CertificateError } from "./certificates/errors.ts";
import { loadSiteCertificates } from "./certificates/site_certificates.ts";
import type { KeyServerEndpoint } from "./keyless/endpoint.ts";
import {
  checkIdentityCertificate,
  IdentityError,
  type IdentityFiles,
  loadAuthorities,
  loadIdentity,
} from "./keyless/identity.ts";

interface NamedFiles {
  readonly identity: IdentityFiles;
  readonly keyServers: readonly KeyServerEndpoint[];
  /** By which other edges' ticket keys are known; undefined: none come. */
  readonly edgeCa: string | undefined;
}

interface SiteFiles {
  readonly names: readonly string[];
  readonly certificates: readonly string[];
  readonly clientAuthorities: ClientAuthorityFiles | undefined;
}

/** What a site's files hold. */
export interface LoadedSite {
  readonly certificates: readonly LoadedCertificate[];
  readonly clientAuthorities: ClientAuthorities | undefined;
}

interface FileProblem {
  readonly path: KeyPath;
  readonly reason: string;
}

/** Each site's certificates and client authorities, in order. Throws ConfigError with every problem of every file. */
export async function loadNamedFiles(
  configFile: string,
  { identity, keyServers, edgeCa }: NamedFiles,
  sites: readonly SiteFiles[],
): Promise<LoadedSite[]> {
  const problems: FileProblem[] = [];
  const identityKey = await attempt(
    problems,
    ["identity", "certificate"],
    () => checkIdentityCertificate(identity.certificate),
  );
  for (const [index, keyServer] of keyServers.entries()) {
    if ("ca" in keyServer) {
      await attempt(problems, ["key_server", index, "ca"], () => loadAuthorities(keyServer.ca));
    }
  }
  if (edgeCa !== undefined) await attempt(problems, ["tickets", "edge_ca"], () => loadAuthorities(edgeCa));
  const loaded: LoadedSite[] = [];
  for (const [index, site] of sites.entries()) {
    const { certificates, problems: found } = await loadSiteCertificates(site.certificates, site.names);
    const clientAuthorities = site.clientAuthorities &&
      await loadClientFiles(problems, index, site.clientAuthorities);
    loaded.push({ certificates, clientAuthorities });
    problems.push(
      ...found.map(({ index: at, reason }) => ({ path: ["site", index, "certificates", at], reason })),
    );
  }
  if (
    identityKey !== undefined &&
    loaded.flatMap(({ certificates }) => certificates).some((served) => isSameKey(served, identityKey))
  ) {
    // Its private key is on this machine, and a served certificate's never may be.
    const reason = "a certificate is served with the same key; the edge's identity needs a key of its own";
    problems.push({ path: ["identity", "certificate"], reason });
  }
  if (problems.length > 0) throw await configError(configFile, problems);
  return loaded;
}

async function loadClientFiles(
  problems: FileProblem[],
  site: number,
  { ca, crls }: ClientAuthorityFiles,
): Promise<ClientAuthorities> {
  const path = ["site", site, "client_certificates"];
  const authorities = await attempt(problems, [...path, "ca"], () => loadClientAuthorities(ca)) ?? [];
  const revocationLists: Uint8Array[] = [];
  for (const [index, file] of crls.entries()) {
    revocationLists.push(
      ...await attempt(problems, [...path, "crls", index], () => loadRevocationLists(file)) ?? [],
    );
  }
  return { authorities, revocationLists };
}

/** Reads the identity with its private key, as a worker will. Throws ConfigError. */
export async function checkPrivateKeyFile(configFile: string, identity: IdentityFiles): Promise<void> {
  const problems: FileProblem[] = [];
  await attempt(problems, ["identity", "private_key"], () => loadIdentity(identity));
  if (problems.length > 0) throw await configError(configFile, problems);
}

function isSameKey(certificate: LoadedCertificate, keyIdentifier: Uint8Array): boolean {
  return certificate.subjectKeyIdentifier.every((byte, index) => byte === keyIdentifier[index]);
}

async function attempt<T>(
  problems: FileProblem[],
  path: KeyPath,
  load: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof IdentityError || error instanceof CertificateError)) throw error;
    problems.push({ path, reason: error.reason });
    return undefined;
  }
}

/** Of a file that was valid a moment ago: read again for the lines of its keys. */
async function configError(configFile: string, problems: readonly FileProblem[]): Promise<ConfigError> {
  const text = await Deno.readTextFile(configFile);
  return new ConfigError(
    configFile,
    problems.map(({ path, reason }): ConfigProblem => {
      const line = lineOfKey(text, path);
      const problem = { key: dottedKey(path), text: `names a file that cannot be used: ${reason}` };
      return line === undefined ? problem : { line, ...problem };
    }),
  );
}
