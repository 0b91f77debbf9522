import { X509Certificate } from "node:crypto";
import { Buffer } from "node:buffer";
import { CertificateError } from "../../shared/libcrypto/errors.ts";
import { parseCertificate, type ParsedCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import { ChainVerifier } from "../../shared/libcrypto/x509_verify.ts";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as Extensions,
} from "../../shared/pki/x509.ts";
import { certificateEntity } from "../registry/certificate_entity.ts";
import type { CertificateEntity } from "../registry/entities/certificate.ts";
import { permitsName } from "../server_names.ts";
import { IssuanceError } from "./errors.ts";

/** What a certificate has to be fit for. */
export interface ChainExpectations {
  /** Of the key in the token, in hexadecimal. */
  readonly subjectKeyIdentifier: string;
  /** Every one has to be covered, and nothing else may be. */
  readonly serverNames: readonly string[];
  /** Whether the key decrypts for TLS 1.2's RSA key exchange. */
  readonly decrypts: boolean;
  readonly at: Date;
  readonly source: CertificateEntity["source"];
  /** Roots in DER that the chain has to lead to; none: any. */
  readonly roots?: readonly Uint8Array[];
}

const longestChain = 16;

function refuse(reason: string, options?: ErrorOptions): never {
  throw new IssuanceError("take the certificate", reason, options);
}

/**
 * Holds a chain (PEM, leaf first) against the key and the names that it is for, before any edge sees it. A root at its end is
 * left out of what is returned. Throws IssuanceError with the first thing that is wrong.
 */
export function checkChain(chainPem: string, expectations: ChainExpectations): CertificateEntity {
  const { chain, leaf } = readChain(chainPem);
  checkLeaf(chain[0]!, leaf, expectations);
  checkOrder(chain);
  checkPath(chain, expectations);
  const served = chain.length > 1 && isIssuedBy(chain.at(-1)!, chain.at(-1)!) ? chain.slice(0, -1) : chain;
  return certificateEntity(served, expectations.source);
}

function readChain(pem: string): { chain: Uint8Array<ArrayBuffer>[]; leaf: ParsedCertificate } {
  try {
    const chain = pemToDer(pem);
    if (chain.length === 0) refuse("there is no PEM block CERTIFICATE in it");
    if (chain.length > longestChain) {
      refuse(`it has ${chain.length} certificates; ${longestChain} are allowed`);
    }
    const [leaf] = chain.map((der) => parseCertificate(der));
    return { chain, leaf: leaf! };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return refuse(`a certificate of the chain cannot be read (${error.message})`, { cause: error });
  }
}

function checkLeaf(der: Uint8Array<ArrayBuffer>, leaf: ParsedCertificate, wanted: ChainExpectations): void {
  if (leaf.subjectKeyIdentifier.toHex() !== wanted.subjectKeyIdentifier) {
    refuse(
      "its first certificate is for another key; expected the one that the request was signed by, leaf first",
    );
  }
  checkNames(leaf.dnsNames.map((name) => name.toLowerCase()), wanted.serverNames);
  if (leaf.notBefore > wanted.at) refuse(`it is not valid before ${leaf.notBefore.toISOString()}`);
  if (leaf.notAfter <= wanted.at) refuse(`it expired at ${leaf.notAfter.toISOString()}`);
  checkUsage(der, wanted.decrypts);
}

/** More names than asked for would let edges sign for hosts that nobody has spoken of. */
function checkNames(has: readonly string[], wanted: readonly string[]): void {
  const names = wanted.filter((name) => name !== "");
  const missing = names.filter((name) => !has.some((pattern) => permitsName(pattern, name)));
  if (missing.length > 0) refuse(`it does not cover ${missing.join(", ")}`);
  const extra = has.filter((name) => !names.some((pattern) => permitsName(pattern, name)));
  if (extra.length > 0) refuse(`it also covers ${extra.join(", ")}, which the name does not have`);
}

function checkUsage(der: Uint8Array<ArrayBuffer>, decrypts: boolean): void {
  const { isAuthority, purposes, usages } = readUsage(der);
  if (isAuthority) refuse("it is an authority's certificate");
  if (purposes !== undefined && !purposes.includes(ExtendedKeyUsage.serverAuth)) {
    refuse("its extended key usage has no serverAuth");
  }
  if (usages === undefined) return;
  if ((usages & KeyUsageFlags.digitalSignature) === 0) refuse("its key usage has no digitalSignature");
  if (decrypts && (usages & KeyUsageFlags.keyEncipherment) === 0) {
    refuse("its key usage has no keyEncipherment, and the key is for RSA key exchange too");
  }
}

/** libcrypto has read the certificate, but not what is in every extension; the library does when it is asked for one. */
function readUsage(der: Uint8Array<ArrayBuffer>) {
  try {
    const certificate = new Extensions(der);
    return {
      isAuthority: certificate.getExtension(BasicConstraintsExtension)?.ca === true,
      purposes: certificate.getExtension(ExtendedKeyUsageExtension)?.usages,
      usages: certificate.getExtension(KeyUsagesExtension)?.usages,
    };
  } catch (cause) {
    return refuse("an extension of it cannot be read", { cause });
  }
}

/** RFC 8446, Section 4.4.2: each certificate certifies the one before it; clients of TLS 1.2 insist. */
function checkOrder(chain: readonly Uint8Array[]): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined || isIssuedBy(certificate, issuer)) continue;
    refuse(`certificate ${index + 2} of the chain did not issue the one before it; expected leaf first`);
  }
}

/** By name and by signature. What node cannot read, which reads less than libcrypto, has issued nothing. */
function isIssuedBy(certificate: Uint8Array, issuer: Uint8Array): boolean {
  try {
    const [subject, authority] = [certificate, issuer].map((der) => new X509Certificate(Buffer.from(der)));
    return subject!.checkIssued(authority!) && subject!.verify(authority!.publicKey);
  } catch {
    return false;
  }
}

function checkPath(chain: readonly Uint8Array[], { at, roots = [] }: ChainExpectations): void {
  using verifier = new ChainVerifier({
    authorities: roots.length > 0 ? roots : [chain.at(-1)!],
    purpose: "server",
  });
  const verdict = verifier.verify(chain, at);
  if (!verdict.valid) refuse(`its chain is not valid: ${verdict.reason} (certificate ${verdict.depth + 1})`);
}
