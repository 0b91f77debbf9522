import {
  CertificateCompressionAlgorithm,
  ExtensionType,
  NamedGroup,
} from "../../../../shared/tls_constants.ts";
import type { HandshakeMessage } from "../../../../shared/tls_messages/handshake.ts";
import { extension, type RawExtension } from "../../../peer/hello_builder.ts";
import type { ByteSource } from "../../byte_source.ts";

/** A client that knows what comes next when nobody interferes; the input may change its messages. */
export interface Actor extends Disposable {
  /** The server's messages so far. */
  readonly messages: readonly HandshakeMessage[];
  /** Bytes for the server: the next flight, or application data once there is none. */
  next(): Uint8Array;
  receive(bytes: Uint8Array | undefined): void;
  /** Any content under the present keys. */
  seal(type: number, content: Uint8Array): Uint8Array;
  /** Something that only this version has. */
  peculiarity(): Uint8Array;
}

/** Some bytes of a message replaced, or none: the input says which. */
export function edited(message: Uint8Array, source: ByteSource): Uint8Array {
  const copy = message.slice();
  for (let edits = source.below(4); edits > 0; edits -= 1) copy[source.u16() % copy.length] = source.byte();
  return copy;
}

/** What clients of both versions offer, ask for and know. */
export const groups: readonly number[] = [
  NamedGroup.X25519MLKEM768,
  NamedGroup.x25519,
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
];
export const serverNames: readonly (string | undefined)[] = [
  "www.holdfast.test",
  undefined,
  "UPPER.example",
  "127.0.0.1",
];

const extras = [
  ExtensionType.early_data,
  ExtensionType.post_handshake_auth,
  0x4a4a,
  ExtensionType.status_request,
  ExtensionType.compress_certificate,
  ExtensionType.session_ticket,
];
const compressionOffers = [
  [CertificateCompressionAlgorithm.brotli],
  [CertificateCompressionAlgorithm.zlib],
  [CertificateCompressionAlgorithm.zlib, CertificateCompressionAlgorithm.brotli],
  [0x4a4a, CertificateCompressionAlgorithm.zstd],
  [],
];

/** None, as a rule; one with any few bytes in it; or an offer to take compressed certificates. */
export function extraExtensions(source: ByteSource): RawExtension[] {
  switch (source.below(8)) {
    case 3:
      return [{ type: source.pick(extras), data: source.bytes(source.below(4)) }];
    case 5:
    case 7:
      return [compressionOffer(source.pick(compressionOffers))];
    default:
      return [];
  }
}

/** RFC 8879, Section 3 */
function compressionOffer(algorithms: readonly number[]): RawExtension {
  return extension(ExtensionType.compress_certificate, (writer) =>
    writer.vector8((list) => {
      for (const algorithm of algorithms) list.u16(algorithm);
    }));
}
