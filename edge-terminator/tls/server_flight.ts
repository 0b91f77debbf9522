import { encodeExtension } from "../../shared/tls_messages/extensions/extension.ts";
import { extensionMatrix } from "../../shared/tls_messages/extensions/matrix.ts";
import type { Extension } from "../../shared/tls_messages/extensions/extension.ts";
import { ProtocolVersion } from "../../shared/tls_constants.ts";
import { encodeCertificate } from "../../shared/tls_messages/certificate.ts";
import type { ClientHello } from "../../shared/tls_messages/client_hello.ts";
import { encodeEncryptedExtensions } from "../../shared/tls_messages/encrypted_extensions.ts";
import { encodeServerHello, tls13ServerHelloConstants } from "../../shared/tls_messages/server_hello.ts";
import type { Connection } from "./connection.ts";
import type { ServerShare } from "./key_exchange/server_share.ts";
import { EarlySecret } from "./key_schedule/early_secret.ts";
import { Tls13RecordKeys } from "./record/tls13_record_keys.ts";
import { type AwaitingSignature, requestSignature } from "./states/awaiting_signature.ts";
import type { Tls13Handshake } from "./states/tls13_handshake.ts";
import type { Tls13Choice } from "./tls13_choice.ts";

/**
 * Writes ServerHello, EncryptedExtensions and Certificate, and asks for the signature (RFC 8446, Section 2).
 *
 * `share.sharedSecret` is consumed.
 */
export function sendServerFlight(
  connection: Connection,
  hello: ClientHello,
  choice: Tls13Choice,
  share: ServerShare,
  helloRetryRequest: boolean,
): AwaitingSignature {
  using _sharedSecret = share.sharedSecret;
  connection.send(serverHello(connection, hello, choice, share));
  // After a HelloRetryRequest the change_cipher_spec has been sent (RFC 8446, Appendix D.4).
  if (hello.legacySessionId.length > 0 && !helloRetryRequest) connection.records.writeChangeCipherSpec();
  const handshake = startEncryption(connection, choice, share, helloRetryRequest);
  connection.send(encodeEncryptedExtensions(encryptedExtensions(choice)));
  connection.send(encodeCertificate({
    certificateRequestContext: new Uint8Array(0),
    certificateList: choice.certificate.chain.map((certificate) => ({ certificate, extensions: [] })),
  }));
  return requestSignature(connection, handshake);
}

/** RFC 8446, Section 4.1.3 */
function serverHello(
  connection: Connection,
  hello: ClientHello,
  choice: Tls13Choice,
  share: ServerShare,
): Uint8Array {
  return encodeServerHello({
    ...tls13ServerHelloConstants,
    random: connection.options.randomBytes(32),
    legacySessionIdEcho: hello.legacySessionId,
    cipherSuite: choice.suite.id,
    extensions: [
      encodeExtension(extensionMatrix.keyShare.ServerHello, {
        group: choice.group.id,
        keyExchange: share.keyExchange,
      }),
      encodeExtension(extensionMatrix.supportedVersions.ServerHello, ProtocolVersion.TLSv1_3),
    ],
  });
}

/** From ServerHello on both sides encrypt (RFC 8446, Section 7.1). */
function startEncryption(
  connection: Connection,
  choice: Tls13Choice,
  share: ServerShare,
  helloRetryRequest: boolean,
): Tls13Handshake {
  const { pool, keeper, transcript, records } = connection;
  const { hash, aead } = choice.suite;
  using early = EarlySecret.extract(pool, hash);
  const handshakeSecret = keeper.keep(early.intoHandshakeSecret(share.sharedSecret));
  const transcriptHash = transcript.hash("server-hello");
  const clientSecret = keeper.keep(handshakeSecret.clientTrafficSecret(transcriptHash));
  const serverSecret = keeper.keep(handshakeSecret.serverTrafficSecret(transcriptHash));
  records.setWriteKeys(new Tls13RecordKeys(serverSecret.trafficKeys(aead)));
  records.setReadKeys(new Tls13RecordKeys(clientSecret.trafficKeys(aead)));
  return { choice, helloRetryRequest, handshakeSecret, clientSecret, serverSecret };
}

/** RFC 8446, Section 4.3.1: the answers that need not be known before the keys are. */
function encryptedExtensions({ serverName, alpnProtocol }: Tls13Choice): Extension[] {
  const extensions: Extension[] = [];
  if (serverName !== undefined) {
    extensions.push(encodeExtension(extensionMatrix.serverName.EncryptedExtensions, true));
  }
  if (alpnProtocol !== undefined) {
    extensions.push(encodeExtension(extensionMatrix.alpn.EncryptedExtensions, alpnProtocol));
  }
  return extensions;
}
