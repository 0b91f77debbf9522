import { constants, createPublicKey, KeyObject, sign, type SignKeyObjectInput } from "node:crypto";
import { Buffer } from "node:buffer";
import { HoldfastError } from "../../shared/errors.ts";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import type { SignatureRequest } from "../tls/server_events.ts";
import type { Signer } from "./signer.ts";

/** A private key in this process's own memory: for programs without a key server, which protects it better. */
export class LocalSigner implements Signer {
  /** DER SubjectPublicKeyInfo, to be compared with a certificate's. */
  readonly publicKeyInfo: Uint8Array;
  readonly #key: KeyObject;

  constructor(key: KeyObject | CryptoKey) {
    this.#key = key instanceof KeyObject ? key : KeyObject.from(key);
    if (this.#key.type !== "private") {
      throw new HoldfastError(
        "key-unusable",
        `Cannot sign: a ${this.#key.type} key was given, not a private one`,
      );
    }
    this.publicKeyInfo = createPublicKey(this.#key as unknown as string).export({
      type: "spki",
      format: "der",
    });
  }

  // Not on another thread: an ECDSA signature takes less than the way there, and an RSA one a millisecond.
  sign(request: SignatureRequest): Promise<Uint8Array> {
    const how = methods[request.scheme];
    if (how === undefined) {
      const reason = `the scheme 0x${request.scheme.toString(16)} is none that it knows`;
      return Promise.reject(new HoldfastError("scheme-unknown", `Cannot sign: ${reason}`));
    }
    const { hash, ...parameters } = how;
    const input: SignKeyObjectInput = { key: this.#key, ...parameters };
    return Promise.try(() => new Uint8Array(sign(hash, signedContent(request), input)));
  }
}

/**
 * Signs with a private key of this process: a KeyObject of `node:crypto`, or a CryptoKey, extractable or not. Throws a
 * HoldfastError when the key is no private one.
 */
export function localSigner(key: KeyObject | CryptoKey): LocalSigner {
  return new LocalSigner(key);
}

interface SigningMethod {
  readonly hash: "sha256" | "sha384" | "sha512" | null;
  readonly padding?: number;
  readonly saltLength?: number;
}

/** RFC 8446, Section 4.2.3: the salt is as long as the digest. */
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

const methods: Readonly<Record<number, SigningMethod>> = {
  [SignatureScheme.ecdsa_secp256r1_sha256]: { hash: "sha256" },
  [SignatureScheme.ecdsa_secp384r1_sha384]: { hash: "sha384" },
  [SignatureScheme.ed25519]: { hash: null },
  [SignatureScheme.rsa_pss_rsae_sha256]: { hash: "sha256", ...pss },
  [SignatureScheme.rsa_pss_rsae_sha384]: { hash: "sha384", ...pss },
  [SignatureScheme.rsa_pss_rsae_sha512]: { hash: "sha512", ...pss },
  [SignatureScheme.rsa_pkcs1_sha256]: { hash: "sha256" },
  [SignatureScheme.rsa_pkcs1_sha384]: { hash: "sha384" },
  [SignatureScheme.rsa_pkcs1_sha512]: { hash: "sha512" },
};

const tls13Context = new TextEncoder().encode("TLS 1.3, server CertificateVerify\0");

/** RFC 8446, Section 4.4.3; RFC 8422, Section 5.4. */
function signedContent(request: SignatureRequest): Uint8Array {
  switch (request.kind) {
    case "tls13-certificate-verify":
      return Buffer.concat([Buffer.alloc(64, 0x20), tls13Context, request.transcriptHash]);
    case "tls12-server-key-exchange":
      return Buffer.concat([request.clientRandom, request.serverRandom, request.params]);
  }
}
