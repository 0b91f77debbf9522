import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { HandshakeType } from "../tls_constants.ts";
import type { Extension } from "./extensions/extension.ts";
import {
  decodeKnownExtensions,
  readExtensionBlock,
  requireOffered,
  writeExtensionBlock,
} from "./extensions/extension_block.ts";
import type { KnownExtensions } from "./extensions/matrix.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** One certificate of a chain, as it travels. */
export interface CertificateEntryFields {
  /** X.509 in DER, at least one byte. */
  readonly certificate: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** A decoded CertificateEntry. */
export interface CertificateEntry extends CertificateEntryFields {
  readonly known: KnownExtensions<"CertificateEntry">;
}

/** RFC 8446, Section 4.4.2, the fields as they travel. */
export interface CertificateFields {
  /** Empty for a server, the request's context for a client. */
  readonly certificateRequestContext: Uint8Array;
  /** Leaf first; empty when a client has none. */
  readonly certificateList: readonly CertificateEntryFields[];
}

/** A decoded Certificate of TLS 1.3; its byte arrays are views onto the message. */
export interface Certificate extends CertificateFields {
  readonly certificateList: readonly CertificateEntry[];
}

/**
 * `offered` holds the extension types of the message that asked for the certificate: the ClientHello for a server's,
 * the CertificateRequest for a client's. Another one on any certificate is refused with unsupported_extension.
 */
export function decodeCertificate(message: HandshakeMessage, offered: ReadonlySet<number>): Certificate {
  return decodeBody(
    message,
    HandshakeType.certificate,
    (reader) => readCertificate(reader, offered),
  );
}

/** Header and body. */
export function encodeCertificate(fields: CertificateFields): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.certificate, (writer) => writeCertificate(writer, fields));
}

function readCertificate(reader: ByteReader, offered: ReadonlySet<number>): Certificate {
  const certificateRequestContext = reader.vector8();
  const list = reader.nested24();
  const certificateList: CertificateEntry[] = [];
  while (list.remaining > 0) {
    const certificate = list.vector24(1);
    const extensions = readExtensionBlock(list, "CertificateEntry");
    requireOffered("CertificateEntry", extensions, offered);
    certificateList.push({
      certificate,
      extensions,
      known: decodeKnownExtensions("CertificateEntry", extensions),
    });
  }
  return { certificateRequestContext, certificateList };
}

function writeCertificate(writer: ByteWriter, fields: CertificateFields): void {
  writer.vector8(fields.certificateRequestContext);
  writer.vector24((list) => {
    for (const entry of fields.certificateList) {
      list.vector24(entry.certificate);
      writeExtensionBlock(list, entry.extensions);
    }
  });
}
