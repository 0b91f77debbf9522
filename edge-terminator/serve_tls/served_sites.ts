import { CertificateError } from "../certificates/errors.ts";
import { decodeCertificate, type LoadedCertificate } from "../certificates/chain_loader.ts";
import { ClientVerifier } from "../certificates/client_verifier.ts";
import { coversName, servedNameSchema } from "../certificates/host_name.ts";
import { type SiteEntry, SiteTable } from "../certificates/site_table.ts";
import { HoldfastError } from "../../shared/errors.ts";
import { parseCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import type { ServedSite } from "../connection/application.ts";
import type { ServedCertificate } from "../tls/served_certificate.ts";
import { ServeTlsOptionsError } from "./errors.ts";
import { LocalSigner } from "./local_signer.ts";
import type { ClientCertificateOptions, ServeTlsOptions, TlsCertificate, TlsSiteOptions } from "./options.ts";
import type { Signer } from "./signer.ts";

/** What the options say is served: by name, with each certificate's signer, and with the judges of client certificates. */
export class ServedSites implements Disposable {
  readonly #table: SiteTable<ServedSite>;
  readonly #signers = new Map<ServedCertificate, Signer>();
  readonly #verifiers = new DisposableStack();

  /** Throws {@link ServeTlsOptionsError} for certificates and names that do not fit together. */
  constructor(options: ServeTlsOptions, open: ServedSite["open"]) {
    const { certificates, clientCertificates, sites = {}, alpn = [] } = options;
    const entries = Object.entries(sites).map(([name, site]) =>
      this.#entry(`sites["${name}"]`, [servedName(name)], { alpn, ...site }, open)
    );
    if (certificates !== undefined) {
      const site = { certificates, alpn, ...(clientCertificates && { clientCertificates }) };
      entries.push(this.#entry("", [], site, open));
    }
    if (entries.length === 0) throw new ServeTlsOptionsError("certificates", "there are none, nor any sites");
    this.#table = new SiteTable(entries);
  }

  find(serverName: string | undefined): ServedSite | undefined {
    return this.#table.find(serverName);
  }

  /** Signs for whichever certificate the engine has chosen. */
  readonly signer: Signer = {
    sign: (request, terms) => this.#signers.get(request.certificate)!.sign(request, terms),
  };

  [Symbol.dispose](): void {
    this.#verifiers.dispose();
  }

  #entry(
    option: string,
    names: readonly string[],
    site: TlsSiteOptions,
    open: ServedSite["open"],
  ): SiteEntry<ServedSite> {
    const within = option === "" ? "" : `${option}.`;
    const certificates = site.certificates.map((certificate, index) => {
      const loaded = load(`${within}certificates[${index}]`, certificate, names);
      this.#signers.set(loaded, certificate.signer);
      return loaded;
    });
    const verifier = site.clientCertificates &&
      this.#verifiers.use(clientVerifier(`${within}clientCertificates`, site.clientCertificates));
    return {
      names,
      isDefault: names.length === 0,
      site: {
        name: names[0] ?? "default",
        tls: {
          certificates,
          alpnProtocols: site.alpn ?? [],
          ...(verifier && { clientCertificates: verifier.policy }),
        },
        ...(verifier && { verifyClient: (chain) => verifier.verify(chain) }),
        open,
      },
    };
  }
}

function clientVerifier(option: string, options: ClientCertificateOptions): ClientVerifier {
  const { mode, authorities: pem, revocationLists = [] } = options;
  try {
    const authorities = pemToDer(pem);
    if (authorities.length > 0) return new ClientVerifier(mode, { authorities, revocationLists });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new ServeTlsOptionsError(option, error.message, { cause: error });
  }
  throw new ServeTlsOptionsError(`${option}.authorities`, "it holds no PEM certificate");
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
