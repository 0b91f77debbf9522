import { HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** Accepts an EndOfEarlyData, which has no body (RFC 8446, Section 4.5). */
export function decodeEndOfEarlyData(message: HandshakeMessage): void {
  decodeBody(message, HandshakeType.end_of_early_data, () => {});
}

/** Header and no body. */
export function encodeEndOfEarlyData(): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.end_of_early_data, () => {});
}
