import { Authority, type CertificateContents, type Validity } from "./authority.ts";
import { generateKeyPair, privateKeyPem } from "./key_pair.ts";

/** A certificate with its private key, for one end of the mutual TLS between edge and key server. */
export interface Identity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Changes to what a certificate would say, for tests of refusals: expired, without names, from another authority. */
export type Changes = Partial<CertificateContents> & { readonly authority?: Authority };

/**
 * Everything a Holdfast installation needs of a PKI, for development and tests: a web root with an intermediate for
 * site certificates, and one root each for key servers and for edges, so that neither is taken for the other.
 * The authorities' keys live in this process only; certificates last seven days unless told otherwise.
 */
export class DevelopmentPki {
  private constructor(
    readonly webRoot: Authority,
    readonly web: Authority,
    readonly keyServers: Authority,
    readonly edges: Authority,
  ) {}

  static async create(validity: Validity = {}): Promise<DevelopmentPki> {
    const webRoot = await Authority.createRoot("Holdfast Development Web Root", validity);
    return new DevelopmentPki(
      webRoot,
      await webRoot.createIntermediate("Holdfast Development Web CA", validity),
      await Authority.createRoot("Holdfast Development Key Server CA", validity),
      await Authority.createRoot("Holdfast Development Edge CA", validity),
    );
  }

  /** A key server's identity: `name` as DNS subjectAltName. */
  keyServerIdentity(name: string, changes: Changes = {}): Promise<Identity> {
    const contents = { commonName: name, dnsNames: [name], usages: ["serverAuth"] } as const;
    return makeIdentity(changes.authority ?? this.keyServers, { ...contents, ...changes });
  }

  /** An edge's identity: `uri` (`spiffe://…`) as URI subjectAltName. */
  edgeIdentity(uri: string, changes: Changes = {}): Promise<Identity> {
    const contents = { commonName: "Holdfast edge", uris: [uri], usages: ["clientAuth"] } as const;
    return makeIdentity(changes.authority ?? this.edges, { ...contents, ...changes });
  }

  /** A site's chain (leaf, intermediate) in PEM for a public key that was generated elsewhere, as in a token. */
  siteCertificate(
    publicKeyInfo: Uint8Array<ArrayBuffer>,
    names: readonly [string, ...string[]],
    changes: Changes = {},
  ): Promise<string> {
    const contents = { commonName: names[0], dnsNames: names, usages: ["serverAuth"] } as const;
    return (changes.authority ?? this.web).certify(publicKeyInfo, { ...contents, ...changes });
  }
}

async function makeIdentity(authority: Authority, contents: CertificateContents): Promise<Identity> {
  const keys = await generateKeyPair();
  return {
    certificatePem: await authority.certify(keys.publicKeyInfo, contents),
    privateKeyPem: await privateKeyPem(keys),
  };
}
