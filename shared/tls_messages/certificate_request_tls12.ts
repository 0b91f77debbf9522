import { HandshakeType } from "../tls_constants.ts";
import { readDistinguishedNames, writeDistinguishedNames } from "./extensions/certificate_authorities.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** TLS 1.2's CertificateRequest (RFC 5246, Section 7.4.4). */
export interface CertificateRequestTls12 {
  /** ClientCertificateType numbers, at least one. */
  readonly certificateTypes: readonly number[];
  /** SignatureScheme numbers, at least one. */
  readonly supportedSignatureAlgorithms: readonly number[];
  /** DER DistinguishedNames; none means any. */
  readonly certificateAuthorities: readonly Uint8Array[];
}

/** The names are views onto the message. */
export function decodeCertificateRequestTls12(message: HandshakeMessage): CertificateRequestTls12 {
  return decodeBody(message, HandshakeType.certificate_request, (reader) => ({
    certificateTypes: [...reader.vector8(1)],
    supportedSignatureAlgorithms: reader.u16Vector16(2),
    certificateAuthorities: readDistinguishedNames(reader.nested16()),
  }));
}

/** Header and body. */
export function encodeCertificateRequestTls12(fields: CertificateRequestTls12): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.certificate_request, (writer) => {
    writer.u8Vector8(fields.certificateTypes);
    writer.u16Vector16(fields.supportedSignatureAlgorithms);
    writeDistinguishedNames(writer, fields.certificateAuthorities);
  });
}
