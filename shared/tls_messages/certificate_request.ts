import { AlertDescription, HandshakeType } from "../tls_constants.ts";
import { PeerMisbehaved } from "./errors.ts";
import type { Extension } from "./extensions/extension.ts";
import {
  decodeKnownExtensions,
  readExtensionBlock,
  writeExtensionBlock,
} from "./extensions/extension_block.ts";
import type { KnownExtensions } from "./extensions/matrix.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** RFC 8446, Section 4.3.2, the fields as they travel. */
export interface CertificateRequestFields {
  /** Empty in a handshake; 0 to 255 bytes. */
  readonly certificateRequestContext: Uint8Array;
  /** signature_algorithms must be among them. */
  readonly extensions: readonly Extension[];
}

/** A decoded CertificateRequest of TLS 1.3; its byte arrays are views onto the message. */
export interface CertificateRequest extends CertificateRequestFields {
  readonly known: KnownExtensions<"CertificateRequest">;
}

/** Throws missing_extension when signature_algorithms is not there. */
export function decodeCertificateRequest(message: HandshakeMessage): CertificateRequest {
  const fields = decodeBody(message, HandshakeType.certificate_request, (reader) => ({
    certificateRequestContext: reader.vector8(),
    extensions: readExtensionBlock(reader, "CertificateRequest"),
  }));
  const known = decodeKnownExtensions("CertificateRequest", fields.extensions);
  if (known.signatureAlgorithms === undefined) {
    throw new PeerMisbehaved("Cannot accept the CertificateRequest: signature_algorithms is missing", {
      alert: AlertDescription.missing_extension,
      reason: "MISSING_EXTENSION",
    });
  }
  return { ...fields, known };
}

/** Header and body. */
export function encodeCertificateRequest(fields: CertificateRequestFields): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.certificate_request, (writer) => {
    writer.vector8(fields.certificateRequestContext);
    writeExtensionBlock(writer, fields.extensions);
  });
}
