import { Buffer } from "node:buffer";
import { constants, type KeyObject, privateDecrypt, sign } from "node:crypto";
import type {
  RsaDecryptionRequest,
  SignatureRequest,
} from "../../../../edge-terminator/tls/server_events.ts";
import type { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../../shared/memory/secret.ts";
import { SignatureScheme } from "../../../../shared/tls_constants.ts";
import { testMasterSecret } from "../../../harness/tls12_master_secret.ts";
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

  // deno-lint-ignore require-await -- as above
  async exchangeRsaKey(
    request: RsaDecryptionRequest,
    { privateKey }: Credential,
    pool: LockedPool,
  ): Promise<Secret> {
    const premaster = decryptPremaster(privateKey, request) ?? crypto.getRandomValues(new Uint8Array(48));
    const master = pool.rent(48);
    master.bytes.set(testMasterSecret(request.hash, premaster, request.seed));
    return master;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Undefined when anything is wrong with it. In an open way, as only a test's key may be used. */
function decryptPremaster(
  key: KeyObject,
  { encryptedPreMasterSecret, clientVersion }: RsaDecryptionRequest,
): Uint8Array | undefined {
  try {
    const padding = constants.RSA_PKCS1_PADDING;
    const premaster = new Uint8Array(privateDecrypt({ key, padding }, encryptedPreMasterSecret));
    const version = new DataView(premaster.buffer).getUint16(0);
    return premaster.length === 48 && version === clientVersion ? premaster : undefined;
  } catch {
    return undefined;
  }
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
