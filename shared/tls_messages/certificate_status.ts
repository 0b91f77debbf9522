import { CertificateStatusType, HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** TLS 1.2's stapled status (RFC 6066, Section 8). */
export interface CertificateStatus {
  /** OCSPResponse in DER, at least one byte. */
  readonly ocspResponse: Uint8Array;
}

/** `ocspResponse` is a view onto the message. */
export function decodeCertificateStatus(message: HandshakeMessage): CertificateStatus {
  return decodeBody(message, HandshakeType.certificate_status, (reader) => {
    const statusType = reader.u8();
    if (statusType !== CertificateStatusType.ocsp) {
      throw reader.refuse(`status type ${statusType} is not ocsp`);
    }
    return { ocspResponse: reader.vector24(1) };
  });
}

/** Header and body. */
export function encodeCertificateStatus({ ocspResponse }: CertificateStatus): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.certificate_status, (writer) => {
    writer.u8(CertificateStatusType.ocsp);
    writer.vector24(ocspResponse);
  });
}
