import { HandshakeType } from "../tls_constants.ts";
import { illegalParameter } from "./errors.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";
import { longestHandshakeBody } from "./handshake_limits.ts";

/** RFC 8879, Section 4. */
export interface CompressedCertificate {
  /** CertificateCompressionAlgorithm number. */
  readonly algorithm: number;
  /** Bytes of the Certificate's body once inflated: whoever inflates stops there and refuses any other length. */
  readonly uncompressedLength: number;
  /** The compressed body of a Certificate; a view onto the message, at least one byte. */
  readonly compressedCertificateMessage: Uint8Array;
}

/** Throws illegal_parameter (UNCOMPRESSED_CERT_TOO_LARGE) for a length that no Certificate may have. */
export function decodeCompressedCertificate(message: HandshakeMessage): CompressedCertificate {
  const fields = decodeBody(message, HandshakeType.compressed_certificate, (reader) => ({
    algorithm: reader.u16(),
    uncompressedLength: reader.u24(),
    compressedCertificateMessage: reader.vector24(1),
  }));
  const longest = longestHandshakeBody(HandshakeType.certificate);
  if (fields.uncompressedLength > longest) {
    const words = `Cannot accept a certificate of ${fields.uncompressedLength} bytes: the most is ${longest}`;
    throw illegalParameter("UNCOMPRESSED_CERT_TOO_LARGE", words);
  }
  return fields;
}

/** Header and body. */
export function encodeCompressedCertificate(fields: CompressedCertificate): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.compressed_certificate, (writer) => {
    writer.u16(fields.algorithm);
    writer.u24(fields.uncompressedLength);
    writer.vector24(fields.compressedCertificateMessage);
  });
}
