import { HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** Accepts a HelloRequest of TLS 1.2, which has no body and no place in the transcript (RFC 5246, Section 7.4.1.1). */
export function decodeHelloRequest(message: HandshakeMessage): void {
  decodeBody(message, HandshakeType.hello_request, () => {});
}

/** Header and no body. */
export function encodeHelloRequest(): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.hello_request, () => {});
}
