import { brotliDecompressSync, inflateSync } from "node:zlib";
import { CertificateCompressionAlgorithm, HandshakeType } from "../../shared/tls_constants.ts";
import { decodeCompressedCertificate } from "../../shared/tls_messages/compressed_certificate.ts";
import {
  encodeHandshake,
  type HandshakeMessage,
  parseHandshake,
} from "../../shared/tls_messages/handshake.ts";

/** What a client makes of a CompressedCertificate. Throws when it is none, or not as long as it says. */
export function inflateCertificate(
  message: HandshakeMessage,
): { readonly algorithm: number; readonly inflated: HandshakeMessage } {
  const { algorithm, uncompressedLength, compressedCertificateMessage } = decodeCompressedCertificate(
    message,
  );
  const inflate = algorithm === CertificateCompressionAlgorithm.brotli ? brotliDecompressSync : inflateSync;
  const body = inflate(compressedCertificateMessage);
  if (body.length !== uncompressedLength) throw new RangeError("the length is not the announced one");
  return {
    algorithm,
    inflated: parseHandshake(encodeHandshake(HandshakeType.certificate, (writer) => writer.bytes(body))),
  };
}
