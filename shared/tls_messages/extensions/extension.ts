import { ByteReader } from "../../codec/byte_reader.ts";
import { ByteWriter } from "../../codec/byte_writer.ts";
import { DecodeError } from "../../codec/errors.ts";
import { ExtensionType, nameOf } from "../../tls_constants.ts";
import { MalformedMessage } from "../errors.ts";

/** An extension as it travels (RFC 8446, Section 4.2). A decoded one's `data` is a view onto its message. */
export interface Extension {
  /** IANA ExtensionType number, known to us or not. */
  readonly type: number;
  readonly data: Uint8Array;
}

/** How one extension is written in one kind of message. */
export interface ExtensionCodec<T> {
  readonly type: number;
  /** BoringSSL's name for data that does not parse; ERROR_PARSING_EXTENSION when absent. */
  readonly reason?: string;
  /** Reads the extension's data; what it leaves unread is refused. */
  decode(reader: ByteReader): T;
  encode(writer: ByteWriter, value: T): void;
}

/** An extension with the given value, to be put into a message. */
export function encodeExtension<T>(codec: ExtensionCodec<T>, value: T): Extension {
  const writer = new ByteWriter(64);
  codec.encode(writer, value);
  return { type: codec.type, data: writer.finish() };
}

/** The value of an extension's data. Views in the value live as long as `data`. Throws MalformedMessage and PeerMisbehaved. */
export function decodeExtension<T>(codec: ExtensionCodec<T>, data: Uint8Array): T {
  const reader = new ByteReader(data, "the extension");
  try {
    const value = codec.decode(reader);
    reader.end();
    return value;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { reason = "ERROR_PARSING_EXTENSION" } = codec;
    const message = `Cannot read the extension ${nameOf(ExtensionType, codec.type)}: ${error.message}`;
    throw new MalformedMessage(message, { reason, cause: error });
  }
}

/** An extension that says all it has to say by being there. */
export function emptyExtension(type: number): ExtensionCodec<true> {
  return { type, decode: () => true, encode: () => {} };
}

/** An extension whose data means nothing to us in this message, or is read elsewhere. */
export function opaqueExtension(type: number): ExtensionCodec<Uint8Array> {
  return {
    type,
    decode: (reader) => reader.rest(),
    encode: (writer, value) => writer.bytes(value),
  };
}
