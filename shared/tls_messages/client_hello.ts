import { CompressionMethod, ExtensionType, HandshakeType } from "../tls_constants.ts";
import { illegalParameter } from "./errors.ts";
import { type Extension } from "./extensions/extension.ts";
import {
  decodeKnownExtensions,
  readExtensionBlock,
  writeExtensionBlock,
} from "./extensions/extension_block.ts";
import type { KnownExtensions } from "./extensions/matrix.ts";
import { bindersListLength } from "./extensions/pre_shared_key.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** The fields of a ClientHello as they travel (RFC 8446, Section 4.1.2). */
export interface ClientHelloFields {
  readonly legacyVersion: number;
  /** 32 bytes. */
  readonly random: Uint8Array;
  /** 0 to 32 bytes. */
  readonly legacySessionId: Uint8Array;
  /** By the client's preference; GREASE and signalling values included. */
  readonly cipherSuites: readonly number[];
  readonly legacyCompressionMethods: Uint8Array;
  /** In the order sent, unknown ones included; empty also for a hello of TLS 1.2 without the whole block. */
  readonly extensions: readonly Extension[];
}

/** A decoded ClientHello. Its byte arrays are views onto `raw`. */
export interface ClientHello extends ClientHelloFields {
  /** Header and body. */
  readonly raw: Uint8Array;
  /** The extensions that we know, decoded. */
  readonly known: KnownExtensions<"ClientHello">;
}

/**
 * Decodes a ClientHello of any version, with every extension that we know. What only TLS 1.3 demands is checked
 * by `checkTls13ClientHello`, once the version is settled.
 */
export function decodeClientHello(message: HandshakeMessage): ClientHello {
  const fields = decodeBody(message, HandshakeType.client_hello, (reader) => ({
    legacyVersion: reader.u16(),
    random: reader.bytes(32),
    legacySessionId: reader.vector8(0, 32),
    cipherSuites: reader.u16Vector16(2),
    legacyCompressionMethods: reader.vector8(1),
    extensions: reader.remaining === 0 ? [] : readExtensionBlock(reader, "ClientHello"),
  }), "CLIENTHELLO_PARSE_FAILED");
  requireNullCompression(fields.legacyCompressionMethods);
  requirePreSharedKeyLast(fields.extensions);
  return { ...fields, raw: message.raw, known: decodeKnownExtensions("ClientHello", fields.extensions) };
}

/** Header and body. An empty list of extensions is left out altogether. */
export function encodeClientHello(fields: ClientHelloFields): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.client_hello, (writer) => {
    writer.u16(fields.legacyVersion);
    writer.bytes(fields.random);
    writer.vector8(fields.legacySessionId);
    writer.u16Vector16(fields.cipherSuites);
    writer.vector8(fields.legacyCompressionMethods);
    if (fields.extensions.length > 0) writeExtensionBlock(writer, fields.extensions);
  });
}

/**
 * The part of the message that PSK binders are computed over: all but the binders list, which is always at the
 * end (RFC 8446, Section 4.2.11.2). A view onto `raw`; undefined when no key is offered.
 */
export function withoutBinders(hello: ClientHello): Uint8Array | undefined {
  const { preSharedKey } = hello.known;
  if (preSharedKey === undefined) return undefined;
  return hello.raw.subarray(0, hello.raw.length - bindersListLength(preSharedKey));
}

/** RFC 5246, Section 7.4.1.2: the list must have `null`. */
function requireNullCompression(methods: Uint8Array): void {
  if (methods.includes(CompressionMethod.null)) return;
  throw illegalParameter(
    "INVALID_COMPRESSION_LIST",
    "Cannot accept the ClientHello: no null compression method",
  );
}

/** RFC 8446, Section 4.2.11. */
function requirePreSharedKeyLast(extensions: readonly Extension[]): void {
  const index = extensions.findIndex((extension) => extension.type === ExtensionType.pre_shared_key);
  if (index === -1 || index === extensions.length - 1) return;
  const message = "Cannot accept the ClientHello: pre_shared_key is not its last extension";
  throw illegalParameter("PRE_SHARED_KEY_MUST_BE_LAST", message);
}
