import { HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** Accepts a ServerHelloDone of TLS 1.2, which has no body (RFC 5246, Section 7.4.5). */
export function decodeServerHelloDone(message: HandshakeMessage): void {
  decodeBody(message, HandshakeType.server_hello_done, () => {});
}

/** Header and no body. */
export function encodeServerHelloDone(): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.server_hello_done, () => {});
}
