import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "../../shared/pki/x509.ts";
import type { TokenKey } from "../token/token_key.ts";
import { serverKeyUsage, subjectAlternativeName, subjectOf } from "./certificate_request.ts";
import { tokenCrypto } from "./token_crypto.ts";

const minute = 60_000;

/** From when to when a certificate holds. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** From five minutes ago, as clocks differ, for so many milliseconds. */
export function validFor(lifetime: number, now: Date): Validity {
  return {
    notBefore: new Date(now.getTime() - 5 * minute),
    notAfter: new Date(now.getTime() + lifetime),
  };
}

/** RFC 5280, Section 4.1.2.2: positive, at most 20 bytes; 16 random ones never collide. */
export function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toHex();
}

/** A self-signed certificate of an authority whose key is in a token: a root that certifies end entities only. DER. */
export async function selfSignedAuthority(
  key: TokenKey,
  commonName: string,
  validity: Validity,
): Promise<Uint8Array<ArrayBuffer>> {
  const { crypto, ...pair } = tokenCrypto(key);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity,
    ...pair,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await subjectKeyIdentifier(key.publicKey.subjectPublicKeyInfo),
    ],
  }, crypto);
  return new Uint8Array(certificate.rawData);
}

/** What is to be certified by an authority of ours. */
export interface Certified extends Validity {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  readonly subject: { CN: string[] }[];
  readonly extensions: readonly Extension[];
}

/** Certifies by an authority whose key is in a token, and whose certificate is given in DER. Returns DER. */
export async function certify(
  authority: TokenKey,
  authorityCertificate: Uint8Array<ArrayBuffer>,
  { publicKeyInfo, subject, extensions, notBefore, notAfter }: Certified,
): Promise<Uint8Array<ArrayBuffer>> {
  const { crypto, keys, signingAlgorithm } = tokenCrypto(authority);
  const issuer = new X509Certificate(authorityCertificate);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: issuer.subjectName,
    subject,
    notBefore,
    notAfter,
    publicKey: new PublicKey(new Uint8Array(publicKeyInfo)),
    signingKey: keys.privateKey,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      ...extensions,
      await subjectKeyIdentifier(publicKeyInfo),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  }, crypto);
  return new Uint8Array(certificate.rawData);
}

/** What a server's certificate for these DNS names is to say. */
export function serverCertificate(
  publicKeyInfo: Uint8Array,
  serverNames: readonly string[],
  decrypts: boolean,
  validity: Validity,
): Certified {
  return {
    ...validity,
    publicKeyInfo,
    subject: subjectOf(serverNames),
    extensions: [
      serverKeyUsage(decrypts),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      subjectAlternativeName(serverNames),
    ],
  };
}

async function subjectKeyIdentifier(publicKeyInfo: Uint8Array): Promise<SubjectKeyIdentifierExtension> {
  return await SubjectKeyIdentifierExtension.create(new PublicKey(new Uint8Array(publicKeyInfo)));
}
