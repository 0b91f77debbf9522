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
import type { ResolvedOptions } from "../server_options.ts";
import type { Tls12Choice } from "./tls12_choice.ts";

/** ServerHello.random: its end tells a client of TLS 1.3 that it was talked down (RFC 8446, Section 4.1.3). */
export function tls12ServerRandom(options: ResolvedOptions): Uint8Array {
  const random = options.randomBytes(32);
  if (options.versions.includes("TLS 1.3")) random.set(downgradeSentinel.toTls12, 24);
  return random;
}

/** What a ServerHello says besides the choice. */
export interface Tls12HelloAnswers {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly extendedMasterSecret: boolean;
  readonly promisesTicket: boolean;
}

/** RFC 5246, Section 7.4.1.3 */
export function encodeTls12ServerHello(
  hello: ClientHello,
  choice: Tls12Choice,
  answers: Tls12HelloAnswers,
): Uint8Array {
  return encodeServerHello({
    legacyVersion: ProtocolVersion.TLSv1_2,
    random: answers.random,
    legacySessionIdEcho: answers.sessionId,
    cipherSuite: choice.suite.id,
    legacyCompressionMethod: CompressionMethod.null,
    extensions: serverHelloExtensions(hello, choice, answers),
  });
}

/** Only answers to what the client sent; the signalling suite stands for an empty renegotiation_info (RFC 5746). */
function serverHelloExtensions(
  hello: ClientHello,
  choice: Tls12Choice,
  answers: Tls12HelloAnswers,
): Extension[] {
  const { known } = hello;
  const signalled = hello.cipherSuites.includes(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
  const extensions: Extension[] = [];
  if (choice.serverName !== undefined) {
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
  if (answers.promisesTicket) {
    extensions.push(encodeExtension(extensionMatrix.sessionTicket.ServerHello12, true));
  }
  if (answers.extendedMasterSecret) {
    extensions.push(encodeExtension(extensionMatrix.extendedMasterSecret.ServerHello12, true));
  }
  if (choice.alpnProtocol !== undefined) {
    extensions.push(encodeExtension(extensionMatrix.alpn.ServerHello12, choice.alpnProtocol));
  }
  return extensions;
}
