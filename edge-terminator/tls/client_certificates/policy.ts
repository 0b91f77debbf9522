import { ByteWriter } from "../../../shared/codec/byte_writer.ts";
import { digest } from "../../../shared/libcrypto/digest.ts";
import { SignatureScheme } from "../../../shared/tls_constants.ts";

/** Whether and how a site asks its clients for certificates. */
export interface ClientCertificatePolicy {
  /** "required" refuses a client without one; "optional" takes it, but refuses one whose certificate is no good. */
  readonly mode: "optional" | "required";
  /** DER names that help clients choose a certificate; none: any. */
  readonly authorities?: readonly Uint8Array[];
  /** IANA numbers that the client may sign with, by preference; `defaultSignatureSchemes` when absent. */
  readonly signatureSchemes?: readonly number[];
  /**
   * Whether a chain that was accepted before would be accepted now: asked for each resumption, and answered at once.
   * Absent: a session with a client certificate never resumes.
   */
  readonly stillHolds?: (chain: readonly Uint8Array[]) => boolean;
}

/**
 * PKCS#1 v1.5 is for TLS 1.2, and for the signatures in TLS 1.3's certificates: a CertificateVerify there never has it
 * (RFC 8446, Section 4.2.3). SHA-1 is nowhere.
 */
export const defaultSignatureSchemes: readonly number[] = [
  SignatureScheme.ecdsa_secp256r1_sha256,
  SignatureScheme.rsa_pss_rsae_sha256,
  SignatureScheme.rsa_pkcs1_sha256,
  SignatureScheme.ecdsa_secp384r1_sha384,
  SignatureScheme.rsa_pss_rsae_sha384,
  SignatureScheme.rsa_pkcs1_sha384,
  SignatureScheme.ed25519,
  SignatureScheme.ecdsa_secp521r1_sha512,
  SignatureScheme.rsa_pss_rsae_sha512,
  SignatureScheme.rsa_pkcs1_sha512,
];

/** What CertificateRequest offers the client, and so all that it may sign with. */
export function offeredSchemes({ signatureSchemes }: ClientCertificatePolicy): readonly number[] {
  return signatureSchemes ?? defaultSignatureSchemes;
}

const digests = new WeakMap<ClientCertificatePolicy, Uint8Array>();

/** What names a policy in a session: SHA-256 over what the client was asked for; empty for a site that does not ask. */
export function policyDigest(policy: ClientCertificatePolicy | undefined): Uint8Array {
  if (policy === undefined) return new Uint8Array(0);
  const known = digests.get(policy);
  if (known !== undefined) return known;
  const writer = new ByteWriter();
  writer.u8(policy.mode === "required" ? 1 : 0);
  writer.u16Vector16(offeredSchemes(policy));
  writer.vector24((list) => {
    for (const name of policy.authorities ?? []) list.vector16(name);
  });
  const made = digest("sha256", writer.finish());
  digests.set(policy, made);
  return made;
}
