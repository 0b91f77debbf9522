import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "../shared/pki/x509.ts";
import { generateKeyPair, type KeyPair, signatureAlgorithm } from "./key_pair.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** When a certificate holds: by default from five minutes ago (clocks differ) for seven days. */
export interface Validity {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** What a certificate says besides its key. Without names it has no subjectAltName at all. */
export interface CertificateContents extends Validity {
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly uris?: readonly string[];
  readonly usages: readonly ("serverAuth" | "clientAuth" | "ocspSigning")[];
  /** Whether the key may decrypt too, for TLS 1.2's RSA key exchange (RFC 5246, Section 7.4.2). False by default. */
  readonly keyEncipherment?: boolean;
}

/** A development certification authority: an ECDSA P-256 key that lives in this process only. */
export class Authority {
  /** The chain from this authority's certificate up to, and without, its root; empty for a root. */
  readonly intermediatesPem: string;
  readonly certificatePem: string;
  readonly #keys: KeyPair;
  readonly #name: string;

  private constructor(name: string, keys: KeyPair, certificatePem: string, intermediatesPem: string) {
    this.#name = name;
    this.#keys = keys;
    this.certificatePem = certificatePem;
    this.intermediatesPem = intermediatesPem;
  }

  /** A self-signed root. */
  static async createRoot(commonName: string, validity: Validity = {}): Promise<Authority> {
    const keys = await generateKeyPair();
    const extensions = await authorityExtensions(keys.publicKeyInfo, keys.publicKeyInfo);
    const pem = await sign(keys, commonName, commonName, keys.publicKeyInfo, extensions, validity);
    return new Authority(commonName, keys, pem, "");
  }

  /** An authority under this one. */
  async createIntermediate(commonName: string, validity: Validity = {}): Promise<Authority> {
    const keys = await generateKeyPair();
    const extensions = await authorityExtensions(keys.publicKeyInfo, this.#keys.publicKeyInfo, 0);
    const pem = await sign(this.#keys, this.#name, commonName, keys.publicKeyInfo, extensions, validity);
    return new Authority(commonName, keys, pem, pem + this.intermediatesPem);
  }

  /**
   * Certifies a public key (DER SubjectPublicKeyInfo, of any type). Returns PEM: the certificate and every
   * intermediate up to the root, which is left out.
   */
  async certify(publicKeyInfo: Uint8Array<ArrayBuffer>, contents: CertificateContents): Promise<string> {
    const extensions = await leafExtensions(publicKeyInfo, this.#keys.publicKeyInfo, contents);
    const pem = await sign(this.#keys, this.#name, contents.commonName, publicKeyInfo, extensions, contents);
    return pem + this.intermediatesPem;
  }
}

async function sign(
  issuer: KeyPair,
  issuerName: string,
  subjectName: string,
  publicKeyInfo: Uint8Array<ArrayBuffer>,
  extensions: Extension[],
  { notBefore = new Date(Date.now() - 5 * minute), notAfter = new Date(Date.now() + 7 * day) }: Validity,
): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: [{ CN: [issuerName] }],
    subject: [{ CN: [subjectName] }],
    notBefore,
    notAfter,
    publicKey: new PublicKey(publicKeyInfo),
    signingKey: issuer.privateKey,
    signingAlgorithm: signatureAlgorithm,
    extensions,
  });
  return PemConverter.encode(certificate.rawData, "CERTIFICATE") + "\n";
}

/** RFC 5280, Section 4.1.2.2: positive, at most 20 bytes; 16 random ones never collide. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toHex();
}

async function authorityExtensions(
  subject: Uint8Array<ArrayBuffer>,
  issuer: Uint8Array<ArrayBuffer>,
  pathLength?: number,
): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ...await keyIdentifiers(subject, issuer),
  ];
}

async function leafExtensions(
  subject: Uint8Array<ArrayBuffer>,
  issuer: Uint8Array<ArrayBuffer>,
  contents: CertificateContents,
): Promise<Extension[]> {
  const names: JsonGeneralNames = [
    ...(contents.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(contents.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
    ...(contents.uris ?? []).map((value) => ({ type: "url" as const, value })),
  ];
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(
      KeyUsageFlags.digitalSignature | (contents.keyEncipherment ? KeyUsageFlags.keyEncipherment : 0),
      true,
    ),
    new ExtendedKeyUsageExtension(contents.usages.map((usage) => ExtendedKeyUsage[usage])),
    ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
    ...await keyIdentifiers(subject, issuer),
  ];
}

async function keyIdentifiers(
  subject: Uint8Array<ArrayBuffer>,
  issuer: Uint8Array<ArrayBuffer>,
): Promise<Extension[]> {
  return [
    await SubjectKeyIdentifierExtension.create(new PublicKey(subject)),
    await AuthorityKeyIdentifierExtension.create(new PublicKey(issuer)),
  ];
}
