import { HandshakeType, KeyUpdateRequest } from "../tls_constants.ts";
import { illegalParameter } from "./errors.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** RFC 8446, Section 4.6.3. */
export interface KeyUpdate {
  /** KeyUpdateRequest number: whether the receiver must update its own keys too. */
  readonly requestUpdate: number;
}

/** Throws illegal_parameter for a request_update that is neither of the two. */
export function decodeKeyUpdate(message: HandshakeMessage): KeyUpdate {
  const requestUpdate = decodeBody(message, HandshakeType.key_update, (reader) => reader.u8());
  if (
    requestUpdate !== KeyUpdateRequest.update_requested &&
    requestUpdate !== KeyUpdateRequest.update_not_requested
  ) {
    throw illegalParameter("DECODE_ERROR", `Cannot accept the KeyUpdate: request_update is ${requestUpdate}`);
  }
  return { requestUpdate };
}

/** Header and body. */
export function encodeKeyUpdate({ requestUpdate }: KeyUpdate): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.key_update, (writer) => writer.u8(requestUpdate));
}
