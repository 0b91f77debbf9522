import { PemConverter } from "../shared/pki/x509.ts";

/** How every development authority signs. */
export const signatureAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** An ECDSA P-256 pair for mutual TLS and for development authorities; never for a site's certificate. */
export interface KeyPair {
  readonly privateKey: CryptoKey;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array<ArrayBuffer>;
}

/** A fresh pair in this process's memory. */
export async function generateKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(signatureAlgorithm, true, [
    "sign",
    "verify",
  ]);
  return { privateKey, publicKeyInfo: new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)) };
}

/** The private key as PKCS#8 PEM, for a file of mode 0600. */
export async function privateKeyPem({ privateKey }: KeyPair): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey("pkcs8", privateKey), "PRIVATE KEY") + "\n";
}

/** The DER SubjectPublicKeyInfo in a PEM `PUBLIC KEY` text. */
export function publicKeyInfoFromPem(pem: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(PemConverter.decodeFirst(pem));
}
