import {
  CipherSuite,
  CompressionMethod,
  ECPointFormat,
  ProtocolVersion,
} from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { encodeExtension, type Extension } from "../../../shared/tls_messages/extensions/extension.ts";
import { extensionMatrix } from "../../../shared/tls_messages/extensions/matrix.ts";
import { downgradeSentinel, encodeServerHello } from "../../../shared/tls_messages/server_hello.ts";
import { maxPlaintext } from "../record/limits.ts";
import type { ResolvedOptions } from "../server_options.ts";
import type { Tls12Handshake } from "./tls12_handshake.ts";

/** ServerHello.random: its end tells a client of TLS 1.3 that it was talked down (RFC 8446, Section 4.1.3). */
export function tls12ServerRandom(options: ResolvedOptions): Uint8Array {
  const random = options.randomBytes(32);
  if (options.versions.includes("TLS 1.3")) random.set(downgradeSentinel.toTls12, 24);
  return random;
}

/** RFC 5246, Section 7.4.1.3 */
export function encodeTls12ServerHello(
  hello: ClientHello,
  handshake: Tls12Handshake,
): Uint8Array {
  return encodeServerHello({
    legacyVersion: ProtocolVersion.TLSv1_2,
    random: handshake.randoms.server,
    legacySessionIdEcho: handshake.sessionId,
    cipherSuite: handshake.terms.suite.id,
    legacyCompressionMethod: CompressionMethod.null,
    extensions: serverHelloExtensions(hello, handshake),
  });
}

/** Only answers to what the client sent; the signalling suite stands for an empty renegotiation_info (RFC 5746). */
function serverHelloExtensions(hello: ClientHello, handshake: Tls12Handshake): Extension[] {
  const { alpnProtocol } = handshake.terms;
  const { known } = hello;
  const signalled = hello.cipherSuites.includes(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
  const extensions: Extension[] = [];
  if (handshake.acknowledgesServerName) {
    extensions.push(encodeExtension(extensionMatrix.serverName.ServerHello12, true));
  }
  if (known.renegotiationInfo !== undefined || signalled) {
    extensions.push(encodeExtension(extensionMatrix.renegotiationInfo.ServerHello12, new Uint8Array(0)));
  }
  if (known.ecPointFormats !== undefined) {
    extensions.push(
      encodeExtension(extensionMatrix.ecPointFormats.ServerHello12, [ECPointFormat.uncompressed]),
    );
  }
  if (handshake.staples) extensions.push(encodeExtension(extensionMatrix.statusRequest.ServerHello12, true));
  if (known.recordSizeLimit !== undefined) {
    extensions.push(encodeExtension(extensionMatrix.recordSizeLimit.ServerHello12, maxPlaintext));
  }
  if (handshake.promisesTicket) {
    extensions.push(encodeExtension(extensionMatrix.sessionTicket.ServerHello12, true));
  }
  if (handshake.extendedMasterSecret) {
    extensions.push(encodeExtension(extensionMatrix.extendedMasterSecret.ServerHello12, true));
  }
  if (alpnProtocol !== undefined) {
    extensions.push(encodeExtension(extensionMatrix.alpn.ServerHello12, alpnProtocol));
  }
  return extensions;
}
