import { HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** RFC 8446, Section 4.4.4; RFC 5246, Section 7.4.9. */
export interface Finished {
  /** The hash's length in TLS 1.3, 12 bytes in TLS 1.2. */
  readonly verifyData: Uint8Array;
}

/**
 * Decodes a Finished; `verifyData` is a view onto the message.
 *
 * Any length is let through: verify_data of the wrong length is verify_data that does not match, and whoever
 * compares it says decrypt_error (DIGEST_CHECK_FAILED).
 */
export function decodeFinished(message: HandshakeMessage): Finished {
  return decodeBody(message, HandshakeType.finished, (reader) => ({ verifyData: reader.rest() }));
}

/** Header and body. */
export function encodeFinished({ verifyData }: Finished): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.finished, (writer) => writer.bytes(verifyData));
}
