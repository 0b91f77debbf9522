import { HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** RFC 8446, Section 4.4.3, and the same bytes in TLS 1.2 (RFC 5246, Section 7.4.8). */
export interface CertificateVerify {
  /** SignatureScheme number. */
  readonly algorithm: number;
  /** A view onto the message; any length, an empty one verifies as no key's. */
  readonly signature: Uint8Array;
}

/** RFC 8446, Section 4.4.3; in TLS 1.2 the same bytes (RFC 5246, Section 7.4.8). */
export function decodeCertificateVerify(message: HandshakeMessage): CertificateVerify {
  return decodeBody(message, HandshakeType.certificate_verify, (reader) => ({
    algorithm: reader.u16(),
    signature: reader.vector16(),
  }));
}

/** Header and body. */
export function encodeCertificateVerify(fields: CertificateVerify): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.certificate_verify, (writer) => {
    writer.u16(fields.algorithm);
    writer.vector16(fields.signature);
  });
}
