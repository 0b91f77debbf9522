import type { ServerKeyType } from "../../shared/signature_schemes.ts";

/**
 * A certificate chain that the edge can present, and what the key behind it can sign.
 *
 * The private key is elsewhere: the engine only names it, by `subjectKeyIdentifier`, when it asks for a
 * signature.
 */
export interface ServedCertificate {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** SHA-1 of the leaf's subjectPublicKey, 20 bytes (RFC 5280, Section 4.2.1.2, method 1). */
  readonly subjectKeyIdentifier: Uint8Array;
  readonly keyType: ServerKeyType;
  /** IANA SignatureScheme numbers the key can produce, by preference. */
  readonly signatureSchemes: readonly number[];
  /** Whether who signs wants to see what it signs: the handshake's messages, and not their hash. */
  readonly needsTranscript?: boolean;
  /** OCSPResponse in DER, stapled for clients that ask. */
  readonly ocspResponse?: Uint8Array;
  /**
   * DER names of authorities: the chain is presented only to clients that name one of them as trusted (RFC 8446,
   * Section 4.2.4), as one from a new or a private authority has to be. Absent: to every client.
   */
  readonly onlyForIssuers?: readonly Uint8Array[];
}
