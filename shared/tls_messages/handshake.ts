import { ByteReader } from "../codec/byte_reader.ts";
import { ByteWriter } from "../codec/byte_writer.ts";
import { DecodeError } from "../codec/errors.ts";
import { HandshakeType, nameOf } from "../tls_constants.ts";
import { MalformedMessage, unexpectedMessage } from "./errors.ts";

/** msg_type (1) and length (3). */
export const handshakeHeaderLength = 4;

/** A whole handshake message whose body is not decoded yet (RFC 8446, Section 4). */
export interface HandshakeMessage {
  /** HandshakeType number. */
  readonly type: number;
  /** The body, a view onto `raw`. */
  readonly body: Uint8Array;
  /** Header and body: what the transcript hashes. */
  readonly raw: Uint8Array;
}

/** A handshake message's header and body; `writeBody` writes the latter. */
export function encodeHandshake(
  type: number,
  writeBody: (writer: ByteWriter) => void,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(512);
  writer.u8(type);
  writer.vector24(writeBody);
  return writer.finish();
}

/** Takes bytes that are one whole handshake message and nothing more. Throws MalformedMessage. */
export function parseHandshake(raw: Uint8Array): HandshakeMessage {
  const [message, ...others] = splitHandshakeMessages(raw);
  if (message === undefined || others.length > 0) {
    throw new MalformedMessage("Cannot read a handshake message: there is not exactly one");
  }
  return message;
}

/** Cuts bytes into the handshake messages that they are made of, the last one whole. Throws MalformedMessage. */
export function splitHandshakeMessages(bytes: Uint8Array): HandshakeMessage[] {
  const reader = new ByteReader(bytes, "handshake messages");
  const messages: HandshakeMessage[] = [];
  try {
    while (reader.remaining > 0) {
      const start = reader.position;
      const type = reader.u8();
      const body = reader.vector24();
      messages.push({ type, body, raw: bytes.subarray(start, reader.position) });
    }
  } catch (error) {
    throw asMalformed(error);
  }
  return messages;
}

/**
 * Decodes the body of a message that must be of one type: UNEXPECTED_MESSAGE for another, DECODE_ERROR for a body
 * that `read` cannot take or does not take whole.
 */
export function decodeBody<T>(
  message: HandshakeMessage,
  type: number,
  read: (reader: ByteReader) => T,
  reason = "DECODE_ERROR",
): T {
  const name = nameOf(HandshakeType, type);
  if (message.type !== type) {
    throw unexpectedMessage(`Cannot accept ${nameOf(HandshakeType, message.type)}: ${name} is awaited`);
  }
  const reader = new ByteReader(message.body, name);
  try {
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    throw asMalformed(error, reason);
  }
}

function asMalformed(error: unknown, reason = "DECODE_ERROR"): unknown {
  return error instanceof DecodeError ? new MalformedMessage(error.message, { reason, cause: error }) : error;
}
