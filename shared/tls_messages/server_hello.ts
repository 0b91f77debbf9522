import { CompressionMethod, ExtensionType, HandshakeType, ProtocolVersion } from "../tls_constants.ts";
import { illegalParameter } from "./errors.ts";
import type { Extension } from "./extensions/extension.ts";
import {
  decodeKnownExtensions,
  readExtensionBlock,
  requireOffered,
  writeExtensionBlock,
} from "./extensions/extension_block.ts";
import type { ExtensionMessage, KnownExtensions } from "./extensions/matrix.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** The random that makes a ServerHello a HelloRetryRequest: SHA-256 of that word (RFC 8446, Section 4.1.3). */
export const helloRetryRequestRandom: Uint8Array = Uint8Array.fromHex(
  "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c",
);

/** The end of ServerHello.random that tells of a downgrade from TLS 1.3 (RFC 8446, Section 4.1.3). */
export const downgradeSentinel = {
  toTls12: Uint8Array.fromHex("444f574e47524401"),
  toTls11: Uint8Array.fromHex("444f574e47524400"),
} as const;

/** The fields of a ServerHello as they travel, in TLS 1.2 (RFC 5246, Section 7.4.1.3) as in 1.3. */
export interface ServerHelloFields {
  /** In TLS 1.3 always TLS 1.2's number. */
  readonly legacyVersion: number;
  /** 32 bytes. */
  readonly random: Uint8Array;
  /** TLS 1.3 echoes the client's; TLS 1.2 names the session, 0 to 32 bytes. */
  readonly legacySessionIdEcho: Uint8Array;
  readonly cipherSuite: number;
  readonly legacyCompressionMethod: number;
  readonly extensions: readonly Extension[];
}

interface Decoded<Kind extends ExtensionMessage> extends ServerHelloFields {
  /** Header and body; the byte arrays above are views onto it. */
  readonly raw: Uint8Array;
  readonly kind: Kind;
  readonly known: KnownExtensions<Kind>;
}

/** One message on the wire, three meanings: TLS 1.3's, TLS 1.3's retry, and TLS 1.2's. */
export type ServerHello = Decoded<"ServerHello"> | Decoded<"HelloRetryRequest"> | Decoded<"ServerHello12">;

/** The fields of a ServerHello of TLS 1.3 that are always the same, to spread into one. */
export const tls13ServerHelloConstants = {
  legacyVersion: ProtocolVersion.TLSv1_2,
  legacyCompressionMethod: CompressionMethod.null,
} as const;

/**
 * Decodes a ServerHello of any version. `offered` holds the extension types of the ClientHello that it answers;
 * an extension that is not among them is refused with unsupported_extension.
 */
export function decodeServerHello(message: HandshakeMessage, offered: ReadonlySet<number>): ServerHello {
  const fields = decodeBody(message, HandshakeType.server_hello, (reader) => ({
    legacyVersion: reader.u16(),
    random: reader.bytes(32),
    legacySessionIdEcho: reader.vector8(0, 32),
    cipherSuite: reader.u16(),
    legacyCompressionMethod: reader.u8(),
    extensions: reader.remaining === 0 ? [] : readExtensionBlock(reader, "ServerHello"),
  }));
  if (fields.legacyCompressionMethod !== CompressionMethod.null) {
    throw illegalParameter(
      "UNSUPPORTED_COMPRESSION_ALGORITHM",
      "Cannot accept the ServerHello: it compresses",
    );
  }
  return interpret({ ...fields, raw: message.raw }, offered);
}

/** Header and body. An empty list of extensions is left out altogether, as TLS 1.2 wants it. */
export function encodeServerHello(fields: ServerHelloFields): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.server_hello, (writer) => {
    writer.u16(fields.legacyVersion);
    writer.bytes(fields.random);
    writer.vector8(fields.legacySessionIdEcho);
    writer.u16(fields.cipherSuite);
    writer.u8(fields.legacyCompressionMethod);
    if (fields.extensions.length > 0) writeExtensionBlock(writer, fields.extensions);
  });
}

/** RFC 8446, Section 4.1.3: supported_versions makes it TLS 1.3, the special random then makes it a retry. */
function interpret(
  fields: ServerHelloFields & { raw: Uint8Array },
  offered: ReadonlySet<number>,
): ServerHello {
  const { extensions } = fields;
  const decoded = <Kind extends ExtensionMessage>(kind: Kind): Decoded<Kind> => {
    requireOffered(kind, extensions, offered);
    return { ...fields, kind, known: decodeKnownExtensions(kind, extensions) };
  };
  if (!extensions.some(({ type }) => type === ExtensionType.supported_versions)) {
    return decoded("ServerHello12");
  }
  if (fields.legacyVersion !== ProtocolVersion.TLSv1_2) {
    throw illegalParameter("DECODE_ERROR", "Cannot accept the ServerHello: legacy_version is not TLS 1.2's");
  }
  return isHelloRetryRequest(fields.random) ? decoded("HelloRetryRequest") : decoded("ServerHello");
}

function isHelloRetryRequest(random: Uint8Array): boolean {
  return random.every((byte, index) => byte === helloRetryRequestRandom[index]);
}
