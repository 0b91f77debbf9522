import { HandshakeType } from "../tls_constants.ts";
import { illegalParameter } from "./errors.ts";
import type { Extension } from "./extensions/extension.ts";
import {
  decodeKnownExtensions,
  readExtensionBlock,
  writeExtensionBlock,
} from "./extensions/extension_block.ts";
import type { KnownExtensions } from "./extensions/matrix.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** Seven days, in seconds: no ticket may live longer. */
const longestTicketLifetime = 604_800;

/** RFC 8446, Section 4.6.1, the fields as they travel. */
export interface NewSessionTicketFields {
  /** Seconds, at most seven days. */
  readonly ticketLifetime: number;
  /** A random 32-bit number that hides the ticket's age. */
  readonly ticketAgeAdd: number;
  /** 0 to 255 bytes, different for each ticket of a connection. */
  readonly ticketNonce: Uint8Array;
  /** 1 to 65,535 bytes. */
  readonly ticket: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** A decoded NewSessionTicket of TLS 1.3; its byte arrays are views onto the message. */
export interface NewSessionTicket extends NewSessionTicketFields {
  readonly known: KnownExtensions<"NewSessionTicket">;
}

/** RFC 8446, Section 4.6.1; a lifetime over a week is refused with illegal_parameter. */
export function decodeNewSessionTicket(message: HandshakeMessage): NewSessionTicket {
  const fields = decodeBody(message, HandshakeType.new_session_ticket, (reader) => ({
    ticketLifetime: reader.u32(),
    ticketAgeAdd: reader.u32(),
    ticketNonce: reader.vector8(),
    ticket: reader.vector16(1),
    extensions: readExtensionBlock(reader, "NewSessionTicket"),
  }));
  if (fields.ticketLifetime > longestTicketLifetime) {
    throw illegalParameter("DECODE_ERROR", "Cannot accept the NewSessionTicket: it lives longer than 7 days");
  }
  return { ...fields, known: decodeKnownExtensions("NewSessionTicket", fields.extensions) };
}

/** Header and body. */
export function encodeNewSessionTicket(fields: NewSessionTicketFields): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.new_session_ticket, (writer) => {
    writer.u32(fields.ticketLifetime);
    writer.u32(fields.ticketAgeAdd);
    writer.vector8(fields.ticketNonce);
    writer.vector16(fields.ticket);
    writeExtensionBlock(writer, fields.extensions);
  });
}
