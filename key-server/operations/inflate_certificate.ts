import { brotliDecompressSync, inflateSync } from "node:zlib";
import { CertificateCompressionAlgorithm, HandshakeType } from "../../shared/tls_constants.ts";
import { decodeCompressedCertificate } from "../../shared/tls_messages/compressed_certificate.ts";
import {
  encodeHandshake,
  type HandshakeMessage,
  parseHandshake,
} from "../../shared/tls_messages/handshake.ts";

/**
 * The Certificate inside of a CompressedCertificate (RFC 8879, Section 4); undefined when its algorithm was not
 * offered, or it does not inflate to exactly the announced length. Memory is bounded by that length, which the
 * decoder bounds.
 */
export function inflateCertificate(
  message: HandshakeMessage,
  offered: readonly number[],
): HandshakeMessage | undefined {
  const { algorithm, uncompressedLength, compressedCertificateMessage } = decodeCompressedCertificate(
    message,
  );
  const inflate = inflaterOf(algorithm);
  if (inflate === undefined || !offered.includes(algorithm) || uncompressedLength === 0) return undefined;
  let body: Uint8Array;
  try {
    body = inflate(compressedCertificateMessage, { maxOutputLength: uncompressedLength });
  } catch {
    return undefined;
  }
  if (body.length !== uncompressedLength) return undefined;
  return parseHandshake(encodeHandshake(HandshakeType.certificate, (writer) => writer.bytes(body)));
}

function inflaterOf(algorithm: number) {
  switch (algorithm) {
    case CertificateCompressionAlgorithm.zlib:
      return inflateSync;
    case CertificateCompressionAlgorithm.brotli:
      return brotliDecompressSync;
    default:
      return undefined;
  }
}
