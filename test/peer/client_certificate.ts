import { constants, sign } from "node:crypto";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import { encodeCertificate } from "../../shared/tls_messages/certificate.ts";
import { encodeCertificateTls12 } from "../../shared/tls_messages/certificate_tls12.ts";
import { encodeCertificateVerify } from "../../shared/tls_messages/certificate_verify.ts";
import type { ClientIdentity, ClientKeyType } from "../harness/client_pki.ts";
import type { RawExtension } from "./hello_builder.ts";

/** What a scripted client does wrong with its certificate, or does in an unusual way. */
export interface CertificateOptions {
  readonly context?: Uint8Array;
  /** On the leaf. */
  readonly extensions?: readonly RawExtension[];
}

/** A TLS 1.3 Certificate message; no chain at all for a client that has none. */
export function certificateMessage(
  chain: readonly Uint8Array[],
  { context = new Uint8Array(0), extensions = [] }: CertificateOptions = {},
): Uint8Array {
  return encodeCertificate({
    certificateRequestContext: context,
    certificateList: chain.map((certificate, index) => ({
      certificate,
      extensions: index === 0 ? extensions : [],
    })),
  });
}

/** A TLS 1.2 Certificate message. */
export function certificateTls12Message(chain: readonly Uint8Array[]): Uint8Array {
  return encodeCertificateTls12({ certificateList: chain });
}

const usualSchemes: Readonly<Record<ClientKeyType, number>> = {
  "ecdsa-p256": SignatureScheme.ecdsa_secp256r1_sha256,
  "ecdsa-p384": SignatureScheme.ecdsa_secp384r1_sha384,
  "rsa": SignatureScheme.rsa_pss_rsae_sha256,
  "ed25519": SignatureScheme.ed25519,
};

export interface VerifyOptions {
  /** What the message says it is signed with, and it is. */
  readonly scheme?: number;
  readonly change?: (signature: Uint8Array) => Uint8Array;
}

/** A CertificateVerify over `content` with the identity's key. */
export function certificateVerifyMessage(
  { privateKey, keyType }: ClientIdentity,
  content: Uint8Array,
  { scheme = usualSchemes[keyType], change = (signature) => signature }: VerifyOptions = {},
): Uint8Array {
  const pss = scheme >> 8 === 8 && scheme !== SignatureScheme.ed25519;
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const key = pss ? { key: privateKey, ...padding } : privateKey;
  const signature = new Uint8Array(sign(hashOf(scheme), content, key));
  return encodeCertificateVerify({ algorithm: scheme, signature: change(signature) });
}

function hashOf(scheme: number): string | null {
  if (scheme === SignatureScheme.ed25519) return null;
  const { rsa_pss_rsae_sha384, rsa_pss_rsae_sha512 } = SignatureScheme;
  if (scheme >> 8 === 5 || scheme === rsa_pss_rsae_sha384) return "sha384";
  return scheme >> 8 === 6 || scheme === rsa_pss_rsae_sha512 ? "sha512" : "sha256";
}
