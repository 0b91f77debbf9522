/** For tests: a site's key in ordinary memory, and what a key server does with one. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { DevelopmentPki } from "../../../certs/dev_pki.ts";
import { pemToDer } from "../../../shared/libcrypto/x509.ts";

/** The one name that the tests' edges serve. */
export const siteName = "www.holdfast.test";

const context = "TLS 1.3, server CertificateVerify";

/** A P-256 key with a certificate chain for some names. */
export class SoftwareKey {
  private constructor(
    readonly chainPem: string,
    readonly chain: readonly Uint8Array[],
    readonly privateKey: KeyObject,
  ) {}

  static async generate(pki: DevelopmentPki, names: readonly [string, ...string[]]): Promise<SoftwareKey> {
    const pair = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const privateKey = createPrivateKey(pair.privateKey);
    const publicKeyInfo = createPublicKey(privateKey).export({ type: "spki", format: "der" });
    const chainPem = await pki.siteCertificate(new Uint8Array(publicKeyInfo), names);
    return new SoftwareKey(chainPem, pemToDer(chainPem), privateKey);
  }

  /** A CertificateVerify's ecdsa_secp256r1_sha256 signature (RFC 8446, Section 4.4.3). */
  signTranscript(transcriptHash: Uint8Array): Uint8Array {
    const content = new Uint8Array(64 + context.length + 1 + transcriptHash.length).fill(0x20, 0, 64);
    content.set(new TextEncoder().encode(context), 64);
    content.set(transcriptHash, 64 + context.length + 1);
    return new Uint8Array(sign("sha256", content, this.privateKey));
  }
}
