import { HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** TLS 1.2's NewSessionTicket (RFC 5077, Section 3.3). */
export interface NewSessionTicketTls12 {
  /** Seconds; 0 says nothing. */
  readonly ticketLifetimeHint: number;
  /** Empty: the server promised a ticket and has none after all. */
  readonly ticket: Uint8Array;
}

/** `ticket` is a view onto the message. */
export function decodeNewSessionTicketTls12(message: HandshakeMessage): NewSessionTicketTls12 {
  return decodeBody(message, HandshakeType.new_session_ticket, (reader) => ({
    ticketLifetimeHint: reader.u32(),
    ticket: reader.vector16(),
  }));
}

/** Header and body. */
export function encodeNewSessionTicketTls12(fields: NewSessionTicketTls12): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.new_session_ticket, (writer) => {
    writer.u32(fields.ticketLifetimeHint);
    writer.vector16(fields.ticket);
  });
}
