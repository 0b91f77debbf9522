import { CertificateError } from "../../../shared/libcrypto/errors.ts";
import { type KeyType, parseCertificate, type ParsedCertificate } from "../../../shared/libcrypto/x509.ts";
import { AlertDescription } from "../../../shared/tls_constants.ts";
import { MalformedMessage } from "../../../shared/tls_messages/errors.ts";
import { misbehaved } from "../errors.ts";

/** A client's certificate before the client has shown that it has the key. */
export interface PeerCertificate {
  /** DER, leaf first. Copies: they outlive the message. */
  readonly chain: readonly Uint8Array[];
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly keyType: KeyType;
}

/** Reads the leaf of a chain, which is not empty. Whether it is to be trusted is for others to say. */
export function readPeerCertificate(chain: readonly Uint8Array[]): PeerCertificate {
  const copies = chain.map((certificate) => certificate.slice());
  const { subjectPublicKeyInfo, keyType, mayDigitallySign } = parseLeaf(copies[0]!);
  if (keyType === "rsa-pss") {
    throw misbehaved(
      AlertDescription.unsupported_certificate,
      "UNSUPPORTED_ALGORITHM",
      "the key of its certificate is an id-RSASSA-PSS one",
    );
  }
  // RFC 5280, Section 4.2.1.3
  if (!mayDigitallySign) {
    throw misbehaved(
      AlertDescription.unsupported_certificate,
      "KEY_USAGE_BIT_INCORRECT",
      "the key of its certificate must not sign",
    );
  }
  return { chain: copies, subjectPublicKeyInfo, keyType };
}

function parseLeaf(leaf: Uint8Array): ParsedCertificate {
  try {
    return parseCertificate(leaf);
  } catch (error) {
    throw unreadableLeaf(error);
  }
}

/** What to throw for an error over a client's certificate: the client's fault if the certificate cannot be read. */
export function unreadableLeaf(error: unknown): unknown {
  return error instanceof CertificateError
    ? new MalformedMessage(error.message, { reason: "CANNOT_PARSE_LEAF_CERT", cause: error })
    : error;
}
