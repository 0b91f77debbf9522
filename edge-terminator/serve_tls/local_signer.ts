import { createPublicKey, KeyObject } from "node:crypto";
import { Buffer } from "node:buffer";
import { HoldfastError } from "../../shared/errors.ts";
import { signMessage } from "../../shared/software_signature.ts";
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
    return Promise.try(() => signMessage(this.#key, request.scheme, signedContent(request)));
  }
}

/**
 * Signs with a private key of this process: a KeyObject of `node:crypto`, or a CryptoKey, extractable or not. Throws a
 * HoldfastError when the key is no private one.
 */
export function localSigner(key: KeyObject | CryptoKey): LocalSigner {
  return new LocalSigner(key);
}

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
