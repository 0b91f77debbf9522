import { brotliCompressSync, constants, deflateSync } from "node:zlib";
import { CertificateCompressionAlgorithm } from "../../shared/tls_constants.ts";
import { encodeCertificate } from "../../shared/tls_messages/certificate.ts";
import type { ClientHello } from "../../shared/tls_messages/client_hello.ts";
import { encodeCompressedCertificate } from "../../shared/tls_messages/compressed_certificate.ts";
import { encodeExtension, type Extension } from "../../shared/tls_messages/extensions/extension.ts";
import { extensionMatrix } from "../../shared/tls_messages/extensions/matrix.ts";
import type { ServedCertificate } from "./served_certificate.ts";
import type { ResolvedOptions } from "./server_options.ts";

/** What the engine compresses certificates with, by preference. IANA numbers (RFC 8879, Section 7.3). */
export const compressionAlgorithms: readonly number[] = [
  CertificateCompressionAlgorithm.brotli,
  CertificateCompressionAlgorithm.zlib,
];

/**
 * The server's Certificate of TLS 1.3, or the CompressedCertificate in its place, header included.
 *
 * RFC 8446, Section 4.4.2; RFC 8879, Section 4
 */
export function certificateMessage(
  { certificateCompression }: ResolvedOptions,
  hello: ClientHello,
  certificate: ServedCertificate,
): Uint8Array {
  const staple = hello.known.statusRequest === undefined ? undefined : certificate.ocspResponse;
  const offered = hello.known.compressCertificate ?? [];
  const algorithm = certificateCompression.find((candidate) => offered.includes(candidate));
  return algorithm === undefined
    ? plainMessage(certificate, staple)
    : compressedMessage(certificate, staple, algorithm);
}

/** RFC 8446, Section 4.4.2.1: the stapled OCSP response goes with the leaf. */
function plainMessage({ chain }: ServedCertificate, staple: Uint8Array | undefined): Uint8Array {
  const leafExtensions: Extension[] = staple === undefined
    ? []
    : [encodeExtension(extensionMatrix.statusRequest.CertificateEntry, staple)];
  return encodeCertificate({
    certificateRequestContext: new Uint8Array(0),
    certificateList: chain.map((certificate, index) => ({
      certificate,
      extensions: index === 0 ? leafExtensions : [],
    })),
  });
}

interface CachedMessage {
  readonly staple: Uint8Array | undefined;
  readonly message: Uint8Array;
}

/** By certificate, then by algorithm and whether there is a staple: nothing in the message is the connection's. */
const cache = new WeakMap<ServedCertificate, Map<string, CachedMessage>>();

/** Compresses once for each certificate, and again only when its OCSP response is another. */
function compressedMessage(
  certificate: ServedCertificate,
  staple: Uint8Array | undefined,
  algorithm: number,
): Uint8Array {
  const messages = cache.get(certificate) ?? new Map<string, CachedMessage>();
  cache.set(certificate, messages);
  const kind = `${algorithm} ${staple === undefined ? "plain" : "stapled"}`;
  const cached = messages.get(kind);
  if (cached !== undefined && cached.staple === staple) return cached.message;
  const message = compress(plainMessage(certificate, staple), algorithm);
  messages.set(kind, { staple, message });
  return message;
}

const headerLength = 4;

/** The message as it is where compressing it gains nothing. */
function compress(plain: Uint8Array, algorithm: number): Uint8Array {
  const body = plain.subarray(headerLength);
  const message = encodeCompressedCertificate({
    algorithm,
    uncompressedLength: body.length,
    compressedCertificateMessage: algorithm === CertificateCompressionAlgorithm.brotli
      ? brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } })
      : deflateSync(body, { level: constants.Z_BEST_COMPRESSION }),
  });
  return message.length < plain.length ? message : plain;
}
