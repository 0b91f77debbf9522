import { HandshakeType } from "../tls_constants.ts";
import type { Extension } from "./extensions/extension.ts";
import {
  decodeKnownExtensions,
  readExtensionBlock,
  requireOffered,
  writeExtensionBlock,
} from "./extensions/extension_block.ts";
import type { KnownExtensions } from "./extensions/matrix.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** RFC 8446, Section 4.3.1. `data` of the extensions are views onto the message. */
export interface EncryptedExtensions {
  readonly extensions: readonly Extension[];
  readonly known: KnownExtensions<"EncryptedExtensions">;
}

/** `offered` holds the extension types of the ClientHello that it answers. */
export function decodeEncryptedExtensions(
  message: HandshakeMessage,
  offered: ReadonlySet<number>,
): EncryptedExtensions {
  const extensions = decodeBody(
    message,
    HandshakeType.encrypted_extensions,
    (reader) => readExtensionBlock(reader, "EncryptedExtensions"),
  );
  requireOffered("EncryptedExtensions", extensions, offered);
  return { extensions, known: decodeKnownExtensions("EncryptedExtensions", extensions) };
}

/** Header and body. */
export function encodeEncryptedExtensions(extensions: readonly Extension[]): Uint8Array<ArrayBuffer> {
  return encodeHandshake(
    HandshakeType.encrypted_extensions,
    (writer) => writeExtensionBlock(writer, extensions),
  );
}
