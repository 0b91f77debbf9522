import { PemConverter, Pkcs10CertificateRequestGenerator } from "../../shared/pki/x509.ts";
import { derToPem, parseCertificate, type ParsedCertificate } from "../../shared/libcrypto/x509.ts";
import { EnrolmentError } from "./errors.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** An edge's identity as its file has it. */
export interface NewIdentity {
  /** The private key, then the chain, leaf first: one file, so that no crash leaves half of it replaced. */
  readonly pem: string;
  /** The edge's URI. */
  readonly edge: string;
  readonly notAfter: Date;
}

/** A new key of this edge, and the request to certify it. */
export class IdentityRequest {
  /** PKCS#10, DER: no names, as the key server knows who asks. */
  readonly certificateRequest: Uint8Array<ArrayBuffer>;
  readonly #keys: CryptoKeyPair;

  private constructor(keys: CryptoKeyPair, certificateRequest: Uint8Array<ArrayBuffer>) {
    this.#keys = keys;
    this.certificateRequest = certificateRequest;
  }

  /** Makes the key, P-256. It lies in ordinary memory, as the identity always does (keyless/DESIGN.md). */
  static async make(): Promise<IdentityRequest> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const { rawData } = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: algorithm });
    return new IdentityRequest(keys, new Uint8Array(rawData));
  }

  /**
   * The identity that a chain (DER, leaf first) makes of the key. Throws EnrolmentError when it is not for this key, names no
   * edge or another one than `expectedEdge`, or does not hold now.
   */
  async accept(chain: readonly Uint8Array[], expectedEdge: string, now = new Date()): Promise<NewIdentity> {
    const leaf = parseLeaf(chain);
    const publicKeyInfo = new Uint8Array(await crypto.subtle.exportKey("spki", this.#keys.publicKey));
    if (leaf.subjectPublicKeyInfo.toHex() !== publicKeyInfo.toHex()) {
      throw new EnrolmentError("the certificate is for another key");
    }
    if (leaf.uris.length !== 1 || leaf.uris[0] !== expectedEdge) {
      throw new EnrolmentError(
        `the certificate is for ${leaf.uris.join(", ") || "nobody"}, not ${expectedEdge}`,
      );
    }
    if (leaf.notAfter <= now || leaf.notBefore > now) {
      const from = leaf.notBefore.toISOString();
      const words =
        `the certificate holds from ${from} to ${leaf.notAfter.toISOString()}: is the clock right?`;
      throw new EnrolmentError(words);
    }
    const key = PemConverter.encode(
      await crypto.subtle.exportKey("pkcs8", this.#keys.privateKey),
      "PRIVATE KEY",
    );
    const pem = [`${key}\n`, ...chain.map(derToPem)].join("");
    return { pem, edge: expectedEdge, notAfter: leaf.notAfter };
  }
}

function parseLeaf([leaf]: readonly Uint8Array[]): ParsedCertificate {
  try {
    return parseCertificate(leaf ?? new Uint8Array(0));
  } catch (cause) {
    throw new EnrolmentError("the certificate cannot be read", { cause });
  }
}
