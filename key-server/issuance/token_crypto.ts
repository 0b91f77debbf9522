import type { SignatureScheme as SchemeNumbers } from "../../shared/tls_constants.ts";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import { AsnEcSignatureFormatter } from "../../shared/pki/x509.ts";
import type { ServerKeyType } from "../../shared/signature_schemes.ts";
import type { TokenKey } from "../token/token_key.ts";

/** How a kind of key signs certificates and requests: in WebCrypto's words, and as a scheme of the token's self-test. */
interface CertificateSignature {
  readonly algorithm: Algorithm & { readonly namedCurve?: string; readonly hash?: string };
  readonly scheme: (typeof SchemeNumbers)[keyof typeof SchemeNumbers];
}

const certificateSignatures: Record<ServerKeyType, CertificateSignature> = {
  "ecdsa-p256": {
    algorithm: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
    scheme: SignatureScheme.ecdsa_secp256r1_sha256,
  },
  "ecdsa-p384": {
    algorithm: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
    scheme: SignatureScheme.ecdsa_secp384r1_sha384,
  },
  "ed25519": { algorithm: { name: "Ed25519" }, scheme: SignatureScheme.ed25519 },
  "rsa": {
    algorithm: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    scheme: SignatureScheme.rsa_pkcs1_sha256,
  },
};

const neverLate = () => false;

/** Signs with a token's key, as WebCrypto would: r||s for ECDSA. Throws TokenError. */
export async function signAsWebCrypto(key: TokenKey, content: Uint8Array): Promise<ArrayBuffer> {
  const { algorithm, scheme } = certificateSignatures[key.publicKey.keyType];
  const signature = new Uint8Array(await key.sign(scheme, content, neverLate));
  if (algorithm.name !== "ECDSA") return signature.buffer;
  const raw = new AsnEcSignatureFormatter().toWebSignature(algorithm as Algorithm, signature);
  return raw as ArrayBuffer;
}

/** What @peculiar/x509 is given for a key in a token: it asks for nothing but the public key and signatures. */
export interface TokenKeyPair {
  readonly keys: CryptoKeyPair;
  readonly signingAlgorithm: Algorithm & { readonly hash: string };
  readonly crypto: Crypto;
}

/**
 * A WebCrypto of one key, whose private half is in a token. Everything that certificates do not need is the platform's, or
 * refused.
 */
export function tokenCrypto(key: TokenKey): TokenKeyPair {
  const { algorithm } = certificateSignatures[key.publicKey.keyType];
  const common = { algorithm, extractable: false };
  const publicKey = { ...common, type: "public", usages: ["verify"] } as unknown as CryptoKey;
  const privateKey = { ...common, type: "private", usages: ["sign"] } as unknown as CryptoKey;
  const subjectPublicKeyInfo = new Uint8Array(key.publicKey.subjectPublicKeyInfo);
  const expect = (given: CryptoKey, wanted: CryptoKey) => {
    if (given !== wanted) throw new TypeError("Cannot use this key: another one is in the token");
  };
  const subtle = {
    digest: (name: AlgorithmIdentifier, data: BufferSource) => crypto.subtle.digest(name, data),
    exportKey: (_format: string, given: CryptoKey) => {
      expect(given, publicKey);
      return Promise.resolve(subjectPublicKeyInfo.buffer);
    },
    sign: (_algorithm: unknown, given: CryptoKey, data: BufferSource) => {
      expect(given, privateKey);
      return signAsWebCrypto(key, bytesOf(data));
    },
  };
  return {
    keys: { publicKey, privateKey },
    signingAlgorithm: { hash: "SHA-256", ...algorithm },
    crypto: { subtle, getRandomValues: crypto.getRandomValues.bind(crypto) } as unknown as Crypto,
  };
}

function bytesOf(data: BufferSource): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
