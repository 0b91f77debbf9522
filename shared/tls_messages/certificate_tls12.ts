import { HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** TLS 1.2's Certificate (RFC 5246, Section 7.4.2). */
export interface CertificateTls12 {
  /** X.509 in DER, leaf first, none empty; no certificate at all when a client has none. */
  readonly certificateList: readonly Uint8Array[];
}

/** The certificates are views onto the message. */
export function decodeCertificateTls12(message: HandshakeMessage): CertificateTls12 {
  return decodeBody(message, HandshakeType.certificate, (reader) => {
    const list = reader.nested24();
    const certificateList: Uint8Array[] = [];
    while (list.remaining > 0) certificateList.push(list.vector24(1));
    return { certificateList };
  });
}

/** Header and body. */
export function encodeCertificateTls12({ certificateList }: CertificateTls12): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.certificate, (writer) =>
    writer.vector24((list) => {
      for (const certificate of certificateList) list.vector24(certificate);
    }));
}
