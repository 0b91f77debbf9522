import type { ByteReader } from "../../codec/byte_reader.ts";
import type { ByteWriter } from "../../codec/byte_writer.ts";
import { AlertDescription, ExtensionType, nameOf } from "../../tls_constants.ts";
import { illegalParameter, PeerMisbehaved } from "../errors.ts";
import { decodeExtension, type Extension } from "./extension.ts";
import { type ExtensionMessage, type KnownExtensions, matrixColumn } from "./matrix.ts";

/**
 * Reads `Extension extensions<0..2^16-1>` (RFC 8446, Section 4.2), each type at most once.
 *
 * The RFC names no alert for a duplicate: a ClientHello's is answered with decode_error, as BoringSSL does, any
 * other's with illegal_parameter.
 */
export function readExtensionBlock(reader: ByteReader, message: ExtensionMessage): Extension[] {
  const block = reader.nested16();
  const extensions: Extension[] = [];
  const seen = new Set<number>();
  while (block.remaining > 0) {
    const type = block.u16();
    if (seen.has(type)) throw duplicateExtension(type, message);
    seen.add(type);
    extensions.push({ type, data: block.vector16() });
  }
  return extensions;
}

/** Writes the block as `readExtensionBlock` reads it; order and content are the caller's. */
export function writeExtensionBlock(writer: ByteWriter, extensions: readonly Extension[]): void {
  writer.vector16((block) => {
    for (const { type, data } of extensions) {
      block.u16(type);
      block.vector16(data);
    }
  });
}

/**
 * Decodes every extension that the matrix has for this message. One that we know and that has no place in this
 * message is refused with illegal_parameter (RFC 8446, Section 4.2); one that we do not know is passed over.
 */
export function decodeKnownExtensions<Message extends ExtensionMessage>(
  message: Message,
  extensions: readonly Extension[],
): KnownExtensions<Message> {
  const column = matrixColumn(message);
  const known: Record<string, unknown> = {};
  for (const { type, data } of extensions) {
    const cell = column.get(type);
    if (cell === undefined) continue;
    if (cell.codec === undefined) {
      const name = nameOf(ExtensionType, type);
      throw illegalParameter(
        "UNEXPECTED_EXTENSION",
        `Cannot accept the extension ${name}: not in ${message}`,
      );
    }
    known[cell.name] = decodeExtension(cell.codec, data);
  }
  return known as KnownExtensions<Message>;
}

/**
 * Refuses an answer to a question that was not asked: each extension of a response must have been in the request
 * (RFC 8446, Section 4.2). `offered` holds the extension types of that ClientHello or CertificateRequest.
 */
export function requireOffered(
  message: ExtensionMessage,
  extensions: readonly Extension[],
  offered: ReadonlySet<number>,
): void {
  for (const { type } of extensions) {
    if (offered.has(type) || (type === ExtensionType.cookie && message === "HelloRetryRequest")) continue;
    const name = nameOf(ExtensionType, type);
    throw new PeerMisbehaved(`Cannot accept the extension ${name} in ${message}: nobody asked for it`, {
      alert: AlertDescription.unsupported_extension,
      reason: "UNEXPECTED_EXTENSION",
    });
  }
}

/** The extension types of a message, as `requireOffered` wants them. */
export function extensionTypes(extensions: readonly Extension[]): Set<number> {
  return new Set(extensions.map((extension) => extension.type));
}

function duplicateExtension(type: number, message: ExtensionMessage): PeerMisbehaved {
  return new PeerMisbehaved(
    `Cannot read ${message}: the extension ${nameOf(ExtensionType, type)} is there twice`,
    {
      alert: message === "ClientHello" ? AlertDescription.decode_error : AlertDescription.illegal_parameter,
      reason: "DUPLICATE_EXTENSION",
    },
  );
}
