import { CertificateError } from "./errors.ts";
import { loadCertificate, type LoadedCertificate } from "./chain_loader.ts";
import { coversName } from "./host_name.ts";

/** What is wrong with one of a site's certificates. */
export interface CertificateProblem {
  /** Index into the site's `certificates`. */
  readonly index: number;
  readonly reason: string;
}

/** A site's certificates as far as they could be loaded, and everything that is wrong with them. */
export interface SiteCertificates {
  readonly certificates: readonly LoadedCertificate[];
  readonly problems: readonly CertificateProblem[];
}

/**
 * Loads the certificate files of one site (absolute paths) and checks that each covers every name of the site, and
 * that no two have the same kind of key: the engine would never choose the second.
 */
export async function loadSiteCertificates(
  files: readonly string[],
  names: readonly string[],
): Promise<SiteCertificates> {
  const loaded = await Promise.all(files.map(loadOrProblem));
  const certificates: LoadedCertificate[] = [];
  const problems: CertificateProblem[] = [];
  for (const [index, result] of loaded.entries()) {
    if (typeof result === "string") {
      problems.push({ index, reason: result });
      continue;
    }
    const reason = uncoveredNames(result, names) ?? repeatedKeyType(result, certificates);
    if (reason !== undefined) problems.push({ index, reason });
    certificates.push(result);
  }
  return { certificates, problems };
}

async function loadOrProblem(file: string): Promise<LoadedCertificate | string> {
  try {
    return await loadCertificate(file);
  } catch (error) {
    if (error instanceof CertificateError) return `${file}: ${error.reason}`;
    throw error;
  }
}

function uncoveredNames(certificate: LoadedCertificate, names: readonly string[]): string | undefined {
  const uncovered = names.filter((name) => !certificate.dnsNames.some((dns) => coversName(dns, name)));
  if (uncovered.length === 0) return undefined;
  const held = certificate.dnsNames.join(", ") || "none";
  return `its names (${held}) do not cover ${uncovered.join(", ")}`;
}

function repeatedKeyType(
  certificate: LoadedCertificate,
  earlier: readonly LoadedCertificate[],
): string | undefined {
  const same = earlier.some(({ keyType }) => keyType === certificate.keyType);
  return same
    ? `the site has a ${certificate.keyType} certificate already, this one would never be chosen`
    : undefined;
}
