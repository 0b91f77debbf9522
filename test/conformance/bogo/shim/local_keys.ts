import { Buffer } from "node:buffer";
import { constants, sign } from "node:crypto";
import type { SignatureRequest } from "../../../../edge-terminator/tls/server_events.ts";
import { SignatureScheme } from "../../../../shared/tls_constants.ts";
import type { Credential } from "./credential.ts";
import { ShimFailure } from "./failure.ts";
import type { PrivateKeys } from "./private_keys.ts";

const digests: Readonly<Record<number, string | null>> = {
  [SignatureScheme.rsa_pkcs1_sha256]: "sha256",
  [SignatureScheme.rsa_pkcs1_sha384]: "sha384",
  [SignatureScheme.rsa_pkcs1_sha512]: "sha512",
  [SignatureScheme.ecdsa_secp256r1_sha256]: "sha256",
  [SignatureScheme.ecdsa_secp384r1_sha384]: "sha384",
  [SignatureScheme.rsa_pss_rsae_sha256]: "sha256",
  [SignatureScheme.rsa_pss_rsae_sha384]: "sha384",
  [SignatureScheme.rsa_pss_rsae_sha512]: "sha512",
  [SignatureScheme.ed25519]: null,
};

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/** Signs with the runner's own key files: what a key server does with a request, done in this process. */
export class LocalKeys implements PrivateKeys {
  // deno-lint-ignore require-await -- what it throws has to be a rejection, as a key server's would be
  async sign(request: SignatureRequest, { privateKey }: Credential): Promise<Uint8Array> {
    const digest = digests[request.scheme];
    if (digest === undefined) {
      throw new ShimFailure(`the engine asks for the signature scheme ${request.scheme}`);
    }
    const isPss = request.scheme >> 8 === 0x08 && digest !== null;
    return new Uint8Array(
      sign(digest, signedContent(request), isPss ? { key: privateKey, ...pss } : privateKey),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const utf8 = new TextEncoder();

/** What the signature is made over: RFC 8446, Section 4.4.3; RFC 8422, Section 5.4. */
function signedContent(request: SignatureRequest): Uint8Array {
  switch (request.kind) {
    case "tls13-certificate-verify":
      return joined(
        utf8.encode(`${" ".repeat(64)}TLS 1.3, server CertificateVerify\0`),
        request.transcriptHash,
      );
    case "tls12-server-key-exchange":
      return joined(request.clientRandom, request.serverRandom, request.params);
    default:
      return request satisfies never;
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
