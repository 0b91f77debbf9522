import { CertificateError } from "../certificates/errors.ts";
import { decodeCertificate, type LoadedCertificate } from "../certificates/chain_loader.ts";
import { coversName, servedNameSchema } from "../certificates/host_name.ts";
import { type SiteEntry, SiteTable } from "../certificates/site_table.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import type { ServedSite } from "../connection/application.ts";
import type { ServedCertificate } from "../tls/served_certificate.ts";
import { ServeTlsOptionsError } from "./errors.ts";
import { LocalSigner } from "./local_signer.ts";
import type { ServeTlsOptions, TlsCertificate, TlsSiteOptions } from "./options.ts";
import type { Signer } from "./signer.ts";

/** What the options say is served: by name, and with each certificate's signer. */
export interface ServedSites {
  readonly table: SiteTable<ServedSite>;
  /** Signs for whichever certificate the engine has chosen. */
  readonly signer: Signer;
}

/** Throws {@link ServeTlsOptionsError} for certificates and names that do not fit together. */
export function servedSites(options: ServeTlsOptions, open: ServedSite["open"]): ServedSites {
  const signers = new Map<ServedCertificate, Signer>();
  const entry = (option: string, names: readonly string[], site: TlsSiteOptions): SiteEntry<ServedSite> => {
    const certificates = site.certificates.map((certificate, index) => {
      const loaded = load(`${option}[${index}]`, certificate, names);
      signers.set(loaded, certificate.signer);
      return loaded;
    });
    const tls = { certificates, alpnProtocols: site.alpn ?? options.alpn ?? [] };
    return { names, isDefault: names.length === 0, site: { name: names[0] ?? "default", tls, open } };
  };
  const { certificates, sites = {} } = options;
  const entries = Object.entries(sites).map(([name, site]) =>
    entry(`sites["${name}"].certificates`, [servedName(name)], site)
  );
  if (certificates !== undefined) entries.push(entry("certificates", [], { certificates }));
  if (entries.length === 0) throw new ServeTlsOptionsError("certificates", "there are none, nor any sites");
  return {
    table: new SiteTable(entries),
    signer: { sign: (request, terms) => signers.get(request.certificate)!.sign(request, terms) },
  };
}

function servedName(name: string): string {
  const parsed = servedNameSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new ServeTlsOptionsError(`sites["${name}"]`, parsed.error.issues[0]?.message ?? "no host name");
}

function load(
  option: string,
  { chain, signer }: TlsCertificate,
  names: readonly string[],
): LoadedCertificate {
  const certificate = decode(option, chain);
  const uncovered = names.find((name) => !certificate.dnsNames.some((dnsName) => coversName(dnsName, name)));
  if (uncovered !== undefined) {
    throw new ServeTlsOptionsError(option, `its names (${certificate.dnsNames.join(", ")}) do not cover it`);
  }
  if (signer instanceof LocalSigner && !isKeyOf(signer, certificate)) {
    throw new ServeTlsOptionsError(option, "its signer's key is not the certificate's");
  }
  return certificate;
}

function decode(option: string, chain: string): LoadedCertificate {
  try {
    return decodeCertificate(option, chain);
  } catch (error) {
    if (error instanceof CertificateError) {
      throw new ServeTlsOptionsError(option, error.reason, { cause: error });
    }
    throw error;
  }
}

function isKeyOf(signer: LocalSigner, { chain: [leaf] }: LoadedCertificate): boolean {
  return signer.publicKeyInfo.toHex() === parseCertificate(leaf!).subjectPublicKeyInfo.toHex();
}
