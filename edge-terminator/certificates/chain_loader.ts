import { X509Certificate } from "node:crypto";
import { parseCertificate, type ParsedCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import { type ServerKeyType, signatureSchemes } from "../../shared/signature_schemes.ts";
import type { ServedCertificate } from "../tls/served_certificate.ts";
import { readPublicPem } from "./certificate_file.ts";
import { CertificateError } from "./errors.ts";

/** A certificate as the engine serves it, with what the configuration has to check about its leaf. */
export interface LoadedCertificate extends ServedCertificate {
  /** Absolute path of the PEM file. */
  readonly file: string;
  readonly dnsNames: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A chain of more certificates than any public CA issues is a wrong file. */
const maximumChainLength = 10;
const maximumFileBytes = 1 << 20;
const minimumRsaBits = 2048;
const advice =
  "an edge holds no certificate's key, remove it from this machine and keep it in the key server's token";

/**
 * Reads a PEM file of one chain, leaf first, each certificate issued by the next; the root may be left out.
 *
 * Throws {@link CertificateError}. A file with a private key in it is refused, and its bytes are overwritten
 * before anything else is done with them: an edge never holds a certificate's key.
 */
export async function loadCertificate(file: string): Promise<LoadedCertificate> {
  return decodeCertificate(file, await readPublicPem(file, maximumFileBytes, advice));
}

/** The same for PEM that has been read already; `file` stands in errors. */
export function decodeCertificate(file: string, pem: string): LoadedCertificate {
  const chain = decodeChain(file, pem);
  checkOrder(file, chain, (certificate, issuer) => certificate.verify(issuer.publicKey));
  return certificateOf(file, chain);
}

/**
 * The same for a chain in DER, leaf first, that a key server has pushed and verified: that it is in order is told by names
 * and key identifiers alone, which takes microseconds instead of a millisecond.
 */
export function pushedCertificate(file: string, chain: readonly Uint8Array[]): LoadedCertificate {
  checkOrder(file, chain, () => true);
  return certificateOf(file, chain);
}

function certificateOf(file: string, chain: readonly Uint8Array[]): LoadedCertificate {
  const [leaf] = chain;
  if (leaf === undefined) {
    throw new CertificateError("certificate-malformed", file, "it holds no certificate");
  }
  const parsed = parseLeaf(file, leaf);
  const keyType = servedKeyType(file, parsed);
  return {
    file,
    chain,
    subjectKeyIdentifier: parsed.subjectKeyIdentifier,
    keyType,
    signatureSchemes: signatureSchemes[keyType],
    dnsNames: parsed.dnsNames,
    notBefore: parsed.notBefore,
    notAfter: parsed.notAfter,
  };
}

function decodeChain(file: string, pem: string): Uint8Array[] {
  let chain: Uint8Array[];
  try {
    chain = pemToDer(pem);
  } catch (error) {
    throw new CertificateError("certificate-malformed", file, "it is not PEM certificates", { cause: error });
  }
  if (chain.length === 0) {
    throw new CertificateError("certificate-malformed", file, "it holds no PEM certificate");
  }
  if (chain.length > maximumChainLength) {
    const reason = `it holds ${chain.length} certificates; a chain has at most ${maximumChainLength}`;
    throw new CertificateError("certificate-malformed", file, reason);
  }
  return chain;
}

/** RFC 8446, Section 4.4.2: each certificate should certify the one that precedes it; older clients insist. */
function checkOrder(
  file: string,
  chain: readonly Uint8Array[],
  isSignedBy: (certificate: X509Certificate, issuer: X509Certificate) => boolean,
): void {
  const certificates = chain.map((der, index) => readX509(file, der, index));
  for (const [index, certificate] of certificates.entries()) {
    const issuer = certificates[index + 1];
    if (issuer === undefined) return;
    if (!certificate.checkIssued(issuer) || !isSignedBy(certificate, issuer)) {
      const reason = `certificate ${index + 2} did not issue certificate ${
        index + 1
      }; expected the leaf first, then each issuer`;
      throw new CertificateError("certificate-chain-order", file, reason);
    }
  }
}

function readX509(file: string, der: Uint8Array, index: number): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (error) {
    const reason = `certificate ${index + 1} is not a valid X.509 certificate`;
    throw new CertificateError("certificate-malformed", file, reason, { cause: error });
  }
}

function parseLeaf(file: string, leaf: Uint8Array): ParsedCertificate {
  try {
    return parseCertificate(leaf);
  } catch (error) {
    const reason = "its leaf's key or names cannot be read";
    throw new CertificateError("certificate-malformed", file, reason, { cause: error });
  }
}

function servedKeyType(file: string, { keyType, keyBits }: ParsedCertificate): ServerKeyType {
  if (keyType === "rsa-pss") {
    const reason = "its key is id-RSASSA-PSS, which few clients accept; use an rsaEncryption key";
    throw new CertificateError("certificate-key-unsupported", file, reason);
  }
  if (keyType === "rsa" && keyBits < minimumRsaBits) {
    const reason = `its RSA key has ${keyBits} bits; expected at least ${minimumRsaBits}`;
    throw new CertificateError("certificate-key-unsupported", file, reason);
  }
  if (keyType === "ecdsa-p521") {
    const reason = "its key is on P-521, which browsers do not accept; use P-256 or P-384";
    throw new CertificateError("certificate-key-unsupported", file, reason);
  }
  return keyType;
}
